-- Resource-based cities: the class as one of four English words, whatever language the list is in.
with

cells as (select * from sources.resource_cities),

classes as (
    select * from (
        values
        ('growing', '成长'),
        ('mature', '成熟'),
        ('declining', '衰退'),
        ('regenerating', '再生')
    ) as class (city_class, chinese)
),

listed as (
    select
        cells.*,
        cells.entity as place,
        cells.entity_code as place_code,
        classes.city_class,
        case when classes.city_class is null then 'class_is_known' end as rule,
        case when classes.city_class is null then
            'the class ' || coalesce('"' || cells.text || '"', '(none)') || ' is none of the four of the plan'
        end as reason
    from cells
    left join classes
        on starts_with(trim(cells.text), classes.chinese)
        or lower(trim(cells.text)) = classes.city_class
)

select * from listed
