"""Write the table of `languages.md` anew from the catalogue: `python docs/make_languages.py`."""

from pathlib import Path

from targeting.languages import CATEGORIES, Language, catalogue

PAGE = Path(__file__).with_name("languages.md")
HEADER = "| tag | language | own name | script | measured by the group | B16001 category |"


def row(language: Language) -> str:
    """Return the language's row of the table."""
    script = f"{language.script}, right to left" if language.rtl else language.script
    group = language.group.name.removesuffix(" languages")
    category = CATEGORIES[language.category]
    finer = f"**{category.name}**" if language.alone else category.name.removesuffix(" languages")
    cells = (
        f"`{language.tag}`",
        language.english_name,
        language.own_name,
        script,
        f"{group} ({language.group.first_line:03d})",
        f"{finer} ({category.first_line:03d})",
    )
    return f"| {' | '.join(cells)} |"


def page(text: str) -> str:
    """Return the page with its table made anew; what stands above the table stays."""
    above = text.split("| tag |")[0]
    rows = [HEADER, "|---|---|---|---|---|---|", *map(row, catalogue().values())]
    return above + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
