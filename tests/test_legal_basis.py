"""The legal basis: thresholds and wording from one dated file, and no claim that no longer holds."""

import re
from datetime import date

import pytest
from conftest import PACKAGE, ROOT

from targeting.legal_basis import legal_basis

REVOKED = re.compile(r"13166")
SAYS_SO = re.compile(r"revoked|rescinded|no longer|never", re.IGNORECASE)


def claims(text: str) -> list[str]:
    """Return the sentences that name the revoked order without saying that it was revoked."""
    flat = re.sub(r"(?m)^\s*(?:#|//|\*|>)+|\s+", " ", text)
    sentences = re.split(r"(?<=[.;!?])\s", re.sub(r"\b(E\.O|No)\.", r"\1", flat))
    return [each for each in sentences if REVOKED.search(each) and not SAYS_SO.search(each)]


@pytest.mark.parametrize(
    ("population", "people"),
    [(2_300_000, 1000.0), (20_000, 1000.0), (19_999, 999.95), (4000, 200.0)],
)
def test_safe_harbor_is_the_lesser_of_1000_persons_and_5_percent(population: int, people: float) -> None:
    assert legal_basis().safe_harbor.threshold(population) == pytest.approx(people)


def test_the_file_has_a_date_and_says_what_stands_and_what_does_not() -> None:
    basis = legal_basis()
    assert date(2025, 7, 14) <= basis.as_of <= date.today()
    assert [each.citation for each in basis.standing] == ["42 U.S.C. 2000d", "October 1, 2012"]
    assert [(each.name, each.status, each.date) for each in basis.changed] == [
        ("Executive Order 13166", "revoked", date(2025, 3, 1)),
        ("LEP.gov", "suspended", date(2025, 7, 14)),
    ]
    assert "14224" in basis.changed[0].by
    assert all(each.date <= basis.as_of for each in basis.changed)


def test_a_claim_is_found() -> None:
    assert claims("A plan is required by Executive Order 13166. All is well.") == [
        "A plan is required by Executive Order 13166."
    ]
    assert claims("Required\n# by E.O. 13166; it is so.")
    assert not claims("Executive Order 13166 was revoked on March 1, 2025.")


def test_no_text_of_the_program_or_its_docs_rests_on_the_revoked_order() -> None:
    texts = [
        path
        for folder in (PACKAGE, ROOT / "docs", ROOT / "data")
        for path in folder.rglob("*")
        if path.suffix in {".py", ".toml", ".md", ".html", ".js", ".css"}
    ]
    assert len(texts) > 100
    for path in [*texts, *ROOT.glob("*.md")]:
        text = path.read_text(encoding="utf-8")
        if path.name == "legal_basis.toml":
            text = "".join(re.findall(r'(?m)^text = "(.*)"$', text))
        assert not claims(text), path
