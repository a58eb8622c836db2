"""Make `static/img/icons.svg` out of a copy of the Tabler icons (MIT): `python frontend/icons.py <folder of outline icons>`.

The strokes come from the `.icon` rule of app.css.

The sprite is kept in the repository: a hundred icons weigh 30 kB, the package they come from 30 MB.
"""

import re
import sys
from pathlib import Path

NAMES = """
alert-triangle arrow-back-up arrow-down arrow-forward-up arrow-left arrow-merge arrow-right arrow-up arrows-exchange at bell bell-off
bolt book bookmark building bulb bus calendar calendar-event camera chart-bar chart-line check checklist chevron-down chevron-left
chevron-right chevron-up circle circle-check circle-dot circle-x clipboard-list clock clock-exclamation clock-pause copy
corner-up-left dashboard device-laptop device-mobile door door-enter dots dots-vertical download edit external-link eye eye-off file
file-text filter flag git-branch globe grid-dots hand-stop heart help help-circle history home inbox info-circle key keyboard
language layout-columns layout-list lifebuoy link list list-check lock lock-open login logout mail mail-forward map-pin menu-2
message message-2 message-circle messages moon note notes notebook paperclip phone phone-call photo player-pause player-play plus
printer progress-check question-mark refresh repeat replace route school search send settings share shield-check shield-lock
sitemap speakerphone stack-2 star sun sun-moon table tag target-arrow thumb-down thumb-up ticket tool tools trash trending-down
trending-up upload urgent user user-check user-circle user-plus user-question users users-group wand world x zoom-check
""".split()


def symbol(name: str, svg: str) -> str:
    inner = re.sub(r"<!--.*?-->", "", svg, flags=re.S)
    inner = re.sub(r"^.*?<svg[^>]*>|</svg>.*$", "", inner, flags=re.S)
    shapes = "".join(line.strip() for line in inner.splitlines() if 'stroke="none"' not in line)
    return f'<symbol id="{name}" viewBox="0 0 24 24">{shapes.replace(" />", "/>")}</symbol>'


def main(folder: Path, out: Path) -> None:
    known = [name for name in dict.fromkeys(NAMES) if (folder / f"{name}.svg").exists()]
    lines = [symbol(name, (folder / f"{name}.svg").read_text()) for name in known]
    head = "<!-- Tabler Icons, MIT licence, copyright Pawel Kuna; made by frontend/icons.py -->"
    out.write_text(f'{head}\n<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(lines) + "\n</svg>\n")
    missing = sorted(set(NAMES) - set(known))
    sys.stdout.write(f"{len(known)} icons, {out.stat().st_size} bytes; not found: {', '.join(missing) or 'none'}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).resolve().parent.parent / "static" / "img" / "icons.svg")
