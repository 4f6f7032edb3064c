-- Compiled panel: names of today and codes in every year; the compiler's imputed cells keep their flag.
with

cells as (select * from sources.compiled_city_panel),
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
