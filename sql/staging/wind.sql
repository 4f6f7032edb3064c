-- Wind: the city stands before the colon in the series' name, so the reader gives it as the row label; no codes.
with

cells as (select * from sources.wind),
headings as (select * from staging.headings),

observed as (
    select
        cells.*,
        headings.* exclude (heading_id),
        cells.entity as place,
        cast(null as varchar) as place_code
    from cells
    inner join headings using (heading_id)
)

select * from observed
