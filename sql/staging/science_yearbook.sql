-- Science and technology yearbook: the row label is the city; the period is the edition minus one.
with

cells as (select * from sources.science_yearbook),
headings as (select * from staging.headings),

observed as (
    select
        cells.*,
        headings.* exclude (heading_id),
        cells.entity as place,
        cells.entity_code as place_code
    from cells
    inner join headings using (heading_id)
)

select * from observed
