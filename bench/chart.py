"""Bars, as SVG: one group a row, one bar a program."""
from html import escape

WIDTH, LEFT, BAR, GAP = 820, 290, 14, 14
COLOURS = {"eice": "#0b6e4f", "stunnel": "#8a8d91", "socat": "#b3a369",
           "ssh -L": "#7d98b3", "aws": "#d98c3f"}
SHOWN = [("first-byte", "ms"), ("first-byte-id-50ms", "ms"),
         ("first-byte-cached-50ms", "ms"), ("listener-down", "rate"),
         ("listener-up", "rate"), ("listener-down", "cpu"),
         ("listener-up", "cpu"), ("echo", "p50"), ("rate", "per_s"),
         ("ssh", "ms"), ("memory", "0"), ("memory", "each")]


def draw(results, names, less):
    """The chart of the rows that people ask about."""
    by = {(r["row"], r["column"]): r for r in results}
    rows = [by[key] for key in SHOWN if key in by]
    parts = []
    y = 44
    for r in rows:
        present = [n for n in names if n in r["median"]]
        top = max(r["median"][n] for n in present) or 1
        better = "less is better" if r["better"] == less else "more is better"
        parts.append(
            f'<text x="{LEFT - 10}" y="{y + 11}" text-anchor="end">'
            f'{escape(r["title"].strip())}</text>'
            f'<text x="{LEFT - 10}" y="{y + 25}" text-anchor="end" '
            f'class="s">{escape(r["unit"])}, {better}</text>')
        for n in present:
            value = r["median"][n]
            width = max(1, (WIDTH - LEFT - 130) * value / top)
            parts.append(
                f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" '
                f'height="{BAR - 2}" fill="{COLOURS.get(n, "#999")}"/>'
                f'<text x="{LEFT + width + 6:.1f}" y="{y + 10}" class="s">'
                f'{value:.3g} {escape(n)}</text>')
            y += BAR
        y += GAP if len(present) > 1 else GAP + BAR
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
        f'height="{y + 6}" viewBox="0 0 {WIDTH} {y + 6}" '
        'font-family="sans-serif" font-size="12">\n'
        "<style>.s{font-size:10px;fill:#666}</style>\n"
        f'<rect width="{WIDTH}" height="{y + 6}" fill="#fff"/>\n'
        '<text x="16" y="26" font-size="15">eice beside what people use '
        "today</text>\n" + "\n".join(parts) + "\n</svg>\n")
