"""The Home page: what waits for a person, how the estate stands, what they read, and the first steps of a new home."""

from dataclasses import dataclass

import flask

from catalog.names import join
from proxy.http.identity import Identity
from web_ui.home.estate import Estate, Estates, Part
from web_ui.home.overview import overview
from web_ui.home.week import Day
from web_ui.pages.frame import public_url, viewer
from web_ui.pages.snippets import snippets
from web_ui.parts import Parts
from web_ui.pictures.bars import shares
from web_ui.pictures.chart import Chart, Link
from web_ui.pictures.timeline import timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """Shows each person what their rights open."""

    parts: Parts
    identity: Identity
    estates: Estates

    def blueprint(self) -> flask.Blueprint:
        """The route of this page."""
        page = flask.Blueprint("home", __name__)
        page.get("/home")(self.show)
        return page

    def show(self) -> str:
        """The page; `role` chooses whose sight of the estate is shown dataset by dataset."""
        subject, role = viewer(self.identity), flask.request.args.get("role", "")
        found = overview(self.parts, subject, self.estates, role)
        charts = [_roles(found.estate)] if found.estate else []
        sees_all = found.record is not None
        charts += [_datasets(found.part)] if found.part else []
        example = next((join(sight.dataset.database, sight.dataset.name) for sight in found.sights), "")
        return flask.render_template(
            "home.html",
            found=found,
            role=role,
            week=self.parts.pictures.figure(_week(found.week, sees_all)) if any(n for _, n in found.week) else None,
            figures=[self.parts.pictures.figure(chart) for chart in charts],
            snippet=snippets(public_url(), example)[0] if example else None,
        )


def _roles(estate: Estate) -> Chart:
    left = estate.role_count - len(estate.roles)
    more = f"; {left:,} more roles are in the report" if left else ""
    return shares(
        "estate",
        [
            (Link(role, flask.url_for("home.show", role=role, _anchor="estate")), covered.as_json())
            for role, covered in estate.roles
        ],
        title="What roles see of the estate",
        description=(
            f"Shares of {estate.columns:,} columns in {estate.datasets:,}"
            f" {'dataset' if estate.datasets == 1 else 'datasets'}{more}; at most, on some rows."
        ),
        of="Role",
    )


def _week(days: tuple[Day, ...], sees_all: bool) -> Chart:
    total = sum(sum(numbers.values()) for _, numbers in days)
    whom = "" if sees_all else " that you may read of"
    return timeline(
        "week",
        days,
        title="Queries of the last seven days",
        description=f"{total:,} {'query' if total == 1 else 'queries'}{whom}, by day and how each ended.",
    )


def _datasets(part: Part) -> Chart:
    left = part.dataset_count - len(part.datasets)
    more = f"; {left:,} more datasets are in the report" if left else ""
    return shares(
        "role",
        [(dataset.full_name, covered.as_json()) for dataset, covered in part.datasets],
        title=f"What {part.role} sees, dataset by dataset",
        description=f"Shares of columns, the most hidden first{more}; at most, on some rows.",
        of="Dataset",
    )
