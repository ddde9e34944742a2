"""Set up Likeness in this clone and put it to work: `python3 install demo`.

This file must also be readable by Pythons that are too old, so that they can say so: no
annotations, no f-strings, nothing newer than Python 2.7 before the version is known.
"""

import sys

if sys.version_info < (3, 10):
    sys.stderr.write(
        "Likeness was not installed: this is Python "
        + ".".join(str(part) for part in sys.version_info[:3])
        + ", and it needs Python 3.10 or newer.\n"
        + "Start it with a newer one, for instance `python3.11 install demo`; on Debian and "
        + "Ubuntu `apt-get install python3 python3-venv` brings one.\n"
    )
    sys.exit(2)

from commands import main

sys.exit(main(sys.argv[1:]))
