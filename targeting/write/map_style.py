"""How languages look on the map: one colour and one dash pattern a language, the same in every plan."""

from targeting.languages import catalogue

# The languages most often posted; colours on which white text is legible, patterns told apart in grey too
STYLES = {
    "es": ("#1f5fbf", ""),
    "vi": ("#c24e00", "12 5"),
    "zh": ("#a61c3c", "4 4"),
    "ru": ("#00785c", "14 4 3 4"),
    "ko": ("#a23e8c", "7 4"),
    "ar": ("#6b4226", "18 5"),
    "tl": ("#0b6b7a", "3 6"),
    "uk": ("#8a6a00", "14 4 3 4 3 4"),
    "zh-Hans": ("#bf2550", "9 3 9 8"),
    "zh-Hant": ("#7d1128", "4 4 10 4"),
    "fr": ("#5b4fc4", "10 3 2 3 2 3"),
    "ht": ("#b3246b", "20 4"),
    "pt": ("#3a7021", "6 2"),
    "pl": ("#8f3b1b", "8 8"),
    "so": ("#2a4d8f", "2 3"),
    "am": ("#5c6400", "16 8"),
}
OTHER_COLORS = ("#1d6fa5", "#9a4a00", "#1b7a43", "#8b3a62", "#6a5acd", "#7a5c00", "#0f6e6e", "#94343c")


def language_style(tag: str) -> dict[str, str]:
    """Return the colour and dash pattern of a language; no two known languages share a pattern."""
    if tag in STYLES:
        color, dash = STYLES[tag]
    else:
        others = [known for known in catalogue() if known not in STYLES]
        place = others.index(tag) if tag in others else len(others)
        color, dash = OTHER_COLORS[place % len(OTHER_COLORS)], f"{5 + 2 * (place % 7)} {3 + place // 7} 1 2"
    return {"color": color, "dash": dash}
