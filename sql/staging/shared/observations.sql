-- Every recognised cell with its value in the canonical unit, or with the row rule it breaks.
-- `outcome`: kept, rejected, other_row (a total, a province, the nation), outside (an empty cell without a city).
with

cells as (select * from staging.cells),
places as (select * from staging.resolved_places),
marks as (select * from reference.missing_marks),
indicators as (select * from reference.indicators),

cleaned as (
    select
        *,
        regexp_replace(coalesce(text, ''), '^[\s\p{Z}\p{C}]+|[\s\p{Z}\p{C}]+$', '', 'g') as bare
    from cells
),

-- Full-width digits and thousands separators are ways of writing a number; anything else beside digits is residue.
read as (
    select
        cleaned.*,
        case when bare = '' then '' else marks.mark end as missing_mark,
        translate(bare, '０１２３４５６７８９．，－＋', '0123456789.,-+') as digits
    from cleaned
    left join marks on cleaned.bare = marks.mark
),

numbers as (
    select
        *,
        case
            when missing_mark is not null then null
            when regexp_full_match(digits, '[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?') then try_cast(digits as double)
            when regexp_full_match(digits, '[-+]?\d{1,3}(,\d{3})+(\.\d*)?') then
                try_cast(replace(digits, ',', '') as double)
        end as number
    from read
),

converted as (
    select numbers.*, numbers.number * numbers.factor as value, indicators.lower, indicators.upper, indicators.unit as canonical_unit
    from numbers
    inner join indicators using (indicator)
),

judged as (
    select
        converted.* exclude (scope),
        places.city_code,
        places.year,
        case when places.city_code = '000000' then 'nation' else converted.scope end as scope,
        places.other_row,
        coalesce(
            places.rule,
            case
                when places.other_row or missing_mark is not null then null
                when number is null or isinf(number) then 'number_is_readable'
                when value < 0 and lower >= 0 then 'value_is_not_negative'
                when value < lower or value > upper then 'value_is_plausible'
            end
        ) as rule,
        places.reason as place_reason
    from converted
    inner join places using (place_id)
),

observations as (
    select
        city_code,
        year,
        indicator,
        scope,
        value,
        missing_mark,
        coalesce(imputed, false) as imputed,
        edition,
        source,
        delivery_sha256,
        file,
        sheet,
        "row",
        "column",
        text,
        entity,
        period,
        heading,
        rule,
        case rule
            when 'number_is_readable' then 'the text "' || text || '" is not a number'
            when 'value_is_not_negative' then indicator || ' is ' || value || ' ' || canonical_unit || ', below zero'
            when 'value_is_plausible' then
                indicator || ' is ' || value || ' ' || canonical_unit || ', outside '
                || coalesce(cast(lower as varchar), 'minus infinity') || ' to '
                || coalesce(cast(upper as varchar), 'infinity')
            else place_reason
        end as reason,
        case
            when other_row then 'other_row'
            when rule is not null and missing_mark is not null then 'outside'
            when rule is not null then 'rejected'
            else 'kept'
        end as outcome
    from judged
)

select * from observations
