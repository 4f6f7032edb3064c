-- Pilot list: each printed name as the unit it means. Nothing is matched by pinyin: reference.pilot_names alone decides.
with

cells as (select * from sources.pilot_list),
pilots as (select * from reference.pilot_names),

-- Blanks, apostrophes, hyphens, brackets and capitals differ between copies of the list.
spellings as (
    select
        number,
        unnest([printed_name, resolved_name, regexp_replace(resolved_name, '市$', '')]) as name
    from pilots
),

known as (
    select distinct number, lower(regexp_replace(name, '[\s\p{Z}\p{C}\p{P}]', '', 'g')) as name from spellings
),

resolved as (
    select
        pilots.number,
        cells.text as printed_name,
        pilots.resolved_name,
        pilots.kind,
        pilots.city_code,
        pilots.resolution,
        cells.source,
        cells.delivery_sha256,
        cells.file,
        cells.sheet,
        cells."row",
        cells."column",
        cells.text,
        cells.entity,
        cells.period,
        cells.heading,
        false as other_row,
        case when pilots.number is null then 'pilot_is_known' end as rule,
        case when pilots.number is null then
            'the printed name ' || coalesce('"' || cells.text || '"', '(none)') || ' is not among the 55 of the list'
        end as reason
    from cells
    left join known on lower(regexp_replace(cells.text, '[\s\p{Z}\p{C}\p{P}]', '', 'g')) = known.name
    left join pilots using (number)
)

select * from resolved
