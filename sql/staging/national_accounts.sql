-- Series of the nation and the world: no city to resolve, the year is all.
with

cells as (select * from sources.national_accounts),
headings as (select * from staging.headings),

observed as (
    select
        cells.*,
        headings.* exclude (heading_id),
        cast(null as varchar) as place,
        cast(null as varchar) as place_code
    from cells
    inner join headings using (heading_id)
)

select * from observed
