-- Which city and year a delivered row is about: one row per row label, code and period that a delivery uses.
-- `rule` names the row rule that is broken, `reason` says what is wrong; `other_row` marks totals, provinces, the nation.
with

places as (select * from staging.places),
cities as (select * from reference.cities),
aliases as (select * from reference.city_aliases),
former_codes as (select * from reference.former_codes),
provinces as (select * from reference.provinces),
other_rows as (select * from reference.other_rows),

-- Blanks stand inside names, zero-width ones behind them; digits come full-width; codes with 2, 4, 6 or 12 digits.
cleaned as (
    select
        *,
        nullif(regexp_replace(place, '[\s\p{Z}\p{C}]', '', 'g'), '') as name,
        nullif(regexp_replace(regexp_replace(place_code, '[\s\p{Z}\p{C}]', '', 'g'), '\.0+$', ''), '') as code_text,
        translate(period, '０１２３４５６７８９', '0123456789') as period_text
    from places
),

read as (
    select
        *,
        case
            when regexp_full_match(code_text, '\d{2}') then code_text || '0000'
            when regexp_full_match(code_text, '\d{4}') then code_text || '00'
            when regexp_full_match(code_text, '\d{6}') then code_text
            when regexp_full_match(code_text, '\d{12}') then left(code_text, 6)
        end as code,
        -- A year, or a whole date; a quarter, a half-year or a span of years is no year.
        cast(
            case
                when regexp_full_match(period_text, '\s*(19|20)\d{6}\s*')
                    or regexp_full_match(
                        period_text,
                        '\s*(19|20)\d{2}\s*(\.0+|年度?|[-/.年]\d{1,2}[-/.月]\d{1,2}日?([ T].*)?|[-/.年]12月?)?\s*'
                    ) then left(trim(period_text), 4)
            end as integer
        ) as year
    from cleaned
),

names as (
    select code6, name, null as first_year, null as last_year from cities
    union
    select code6, regexp_replace(name, '(市|地区|盟)$', ''), null, null from cities
    union
    select code6, alias, first_year, last_year from aliases
),

codes as (
    select code6, code6 as code from cities
    union all
    select code6, former_code from former_codes
),

-- 山东省济南市, 山东济南: what is left of the name without its province.
without_province as (
    select
        read.place_id,
        provinces.province_code,
        case
            when starts_with(read.name, provinces.name) then substr(read.name, length(provinces.name) + 1)
            else substr(read.name, length(provinces.short_name) + 1)
        end as name
    from read
    inner join provinces on starts_with(read.name, provinces.short_name)
),

spellings as (
    select place_id, name, year, 1 as preference, null as province_code from read
    union all
    select without_province.place_id, without_province.name, read.year, 2, without_province.province_code
    from without_province
    inner join read using (place_id)
),

by_name as (
    select spellings.place_id, arg_min(names.code6, spellings.preference) as code6
    from spellings
    inner join names
        on spellings.name = names.name
        and (spellings.year is null or spellings.year >= coalesce(names.first_year, spellings.year))
        and (spellings.year is null or spellings.year <= coalesce(names.last_year, spellings.year))
        and (spellings.province_code is null or left(names.code6, 2) = spellings.province_code)
    group by spellings.place_id
),

other_names as (
    select name as label from provinces
    union
    select short_name from provinces
    union
    select label from other_rows
),

other_codes as (
    select province_code || '0000' as code from provinces
    union all
    select * from (values ('000000'), ('100000')) as nation (code)
),

found as (
    select
        read.*,
        by_name.code6 as code_by_name,
        codes.code6 as code_by_code,
        coalesce(by_name.code6, codes.code6) as found_code,
        (
            by_name.code6 is null and coalesce(read.name, '') in (select label from other_names)
            or by_name.code6 is null and codes.code6 is null and coalesce(read.code, '') in (select code from other_codes)
        ) as other_row
    from read
    left join by_name using (place_id)
    left join codes on read.code = codes.code
),

judged as (
    select
        found.*,
        cities.name as city_name,
        cities.first_year,
        cities.last_year,
        cities.remark,
        case
            when found.nation and found.year is null then 'year_is_readable'
            when found.nation or found.other_row then null
            when found.name is null and found.code_text is null then 'city_is_named'
            when found.found_code is null then 'city_is_known'
            when found.code_text is not null and found.name is not null and found.code_by_name is not null
                and found.code_by_name is distinct from found.code_by_code then 'code_and_name_agree'
            when found.year is null then 'year_is_readable'
            when found.year < cities.first_year or found.year > cities.last_year then 'city_exists_in_the_year'
        end as rule
    from found
    left join cities on found.found_code = cities.code6
),

resolved as (
    select
        place_id,
        case when nation then '000000' when not other_row then found_code end as city_code,
        year,
        other_row and not nation as other_row,
        rule,
        case rule
            when 'city_is_named' then 'the row names no city and no code'
            when 'city_is_known' then
                'no prefecture-level unit is called ' || coalesce(name, '(no name)')
                || coalesce(' or has the code ' || code_text, '')
            when 'code_and_name_agree' then
                'the name ' || name || ' is ' || code_by_name || ', the code ' || code_text || ' is '
                || coalesce(code_by_code, 'none of a prefecture-level unit')
            when 'year_is_readable' then 'no year can be read from ' || coalesce('"' || period || '"', 'an empty field')
            when 'city_exists_in_the_year' then
                city_name || ' is no prefecture-level unit in ' || year || ': '
                || coalesce(remark, 'it is one since ' || first_year, 'it was one until ' || last_year)
        end as reason
    from judged
)

select * from resolved
