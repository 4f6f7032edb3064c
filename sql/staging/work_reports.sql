-- Government work reports: one document per city and year. `text` keeps its first words; `document` holds all of it.
with

cells as (select * from sources.work_reports),

documents as (
    select
        cells.* exclude (text),
        left(cells.text, 120) as text,
        cells.text as document,
        cast(length(cells.text) as integer) as characters,
        cells.entity as place,
        cells.entity_code as place_code,
        case when cells.text is null or trim(cells.text) = '' then 'document_has_text' end as rule,
        case when cells.text is null or trim(cells.text) = '' then 'the document is empty' end as reason
    from cells
)

select * from documents
