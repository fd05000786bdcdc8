"""Languages that the census counts together with others: their mark, and what it means, under every table."""

from collections.abc import Collection

from targeting.wording import OF_GROUP, listed
from targeting.write.report_content import ReportContent


def groups(content: ReportContent) -> dict[str, str]:
    """Return the census group of each such language, by its tag."""
    rows = content.coverage[["language", "language_name", "measured_as"]]
    return {tag: group for tag, name, group in rows.itertuples(index=False, name=None) if group != name}


def marked(content: ReportContent, tag: str, name: str) -> str:
    """Return a language's name, marked where the census counts it together with others: "Russian †"."""
    return f"{name}{OF_GROUP}" if tag in groups(content) else name


def group_note(content: ReportContent, tags: Collection[str] | None = None) -> list[str]:
    """Return what the mark means, to stand under a table or chart; nothing where none is there.

    Parameters
    ----------
    tags : collection of str, optional
        The languages that are shown; all where not given.
    """
    of = groups(content)
    names = dict(content.coverage[["language", "language_name"]].itertuples(index=False, name=None))
    shown = [tag for tag in of if tags is None or tag in tags]
    if not shown:
        return []
    said = []
    for group in dict.fromkeys(of[tag] for tag in shown):
        members = [names[tag] for tag in shown if of[tag] == group]
        said.append(f"{listed(members)} {'is' if len(members) == 1 else 'are'} counted as “{group}”")
    return [f"{OF_GROUP.strip()} {'; '.join(said)}: such a figure holds the speakers of all of them."]
