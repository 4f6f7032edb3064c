-- Business-environment index: one row per city and year, with a code where the compiler gives one.
with

cells as (select * from sources.business_environment),
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
