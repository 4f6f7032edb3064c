"""Write the site: pages, figures, downloads and what the pages run, all below one folder, none of it from elsewhere."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from resilience_pipeline.errors import LakeError
from resilience_pipeline.lineage.opened import open_index
from resilience_pipeline.settings import Access
from resilience_pipeline.site.explorer import write_explorer
from resilience_pipeline.site.files import write_files
from resilience_pipeline.site.pages import Site, pages
from resilience_pipeline.site.plots import plot_of, script
from resilience_pipeline.site.results import collect
from resilience_pipeline.site.sample import cities_of, flow_of
from resilience_pipeline.study.study import Study
from resilience_pipeline.variants import own_lake
from resilience_pipeline.warehouse.atomic import replace_text
from resilience_pipeline.warehouse.lake import Lake

NOBODY = Access()
FOLDER = "report_site"  # of the lake; its layer `report` holds the tables
STATIC, PLOTS = "static", "plots"


@dataclass(frozen=True)
class Written:
    """index : the page to open. pages, files : how many there are. site : what they were made from."""

    index: Path
    pages: int
    files: int
    site: Site


def write_site(
    root: Path, out: Path, studies: Sequence[Study], variant: str | None = None, access: Access = NOBODY
) -> Written:
    """The report of a lake as a site; what stands there of an earlier one is replaced, other files are left alone.

    The same lake gives the same bytes: no page says when it was written.

    Parameters
    ----------
    root : of the lake. out : folder of the site, made when missing. studies : that declare the results.
    access : whether delivered figures that are not synthetic may show in the explorer.

    Raises
    ------
    LakeError : the lake holds no result yet.
    """
    collection = collect(root, studies, variant)
    lake = own_lake(root, variant)
    files = write_files(out, collection.results, studies)
    plots = set()
    for shown in collection.results:
        plot = plot_of(shown.kind, shown.found.table)
        if plot is not None:
            replace_text(out / PLOTS / f"{shown.name}.js", script(shown.name, plot))
            plots.add(shown.name)
    named = [study.name for study in studies if any(shown.study == study.name for shown in collection.results)]
    site = Site(
        collection,
        files,
        frozenset(plots),
        {name: cities for name in named if (cities := cities_of(lake, name))},
        {name: flow for name in named if (flow := flow_of(lake, name))},
        explorer=_write_explorer(lake, out, access),
        variant=variant or "",
    )
    count = 0
    for name, page in pages(site):
        replace_text(out / name, page)
        count += 1
    _copy_static(out / STATIC)
    return Written(out / "index.html", count, sum(map(len, files.values())), site)


def _write_explorer(lake: Lake, out: Path, access: Access) -> bool:
    """Whether there is one: a lake that no run of this version wrote has no lineage index, and no variant has one."""
    try:
        index = open_index(lake)
    except LakeError:
        return False
    return write_explorer(out, index, access) > 0


def _copy_static(out: Path) -> None:
    with resources.as_file(resources.files("resilience_pipeline.site") / STATIC) as static:
        shutil.copytree(static, out, dirs_exist_ok=True)
