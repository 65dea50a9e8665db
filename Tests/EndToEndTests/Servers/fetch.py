# SPDX-License-Identifier: Apache-2.0
"""fetch.py URL: prints what a server on this machine answers.

Exit status: 0 when the answer is 200, 3 when it is 503, 1 otherwise, with the answer on standard error.
"""

import sys
import urllib.error
import urllib.request

try:
    # No proxy: it is this machine that is asked.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(sys.argv[1], timeout=30) as answer:
        sys.stdout.write(answer.read().decode())
except urllib.error.HTTPError as error:
    sys.stderr.write(f"{error.code} {error.read().decode()}\n")
    sys.exit(3 if error.code == 503 else 1)
except OSError as error:
    sys.exit(f"{sys.argv[1]}: {error}")
