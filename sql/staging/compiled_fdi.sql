-- Compiled foreign investment: names without 市, no codes; the unit stands in each row.
with

cells as (select * from sources.compiled_fdi),
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
