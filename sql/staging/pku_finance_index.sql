-- PKU index: four-digit codes of 2018 decide; Chinese names must agree with them.
with

cells as (select * from sources.pku_finance_index),
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
