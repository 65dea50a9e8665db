# SPDX-License-Identifier: Apache-2.0
"""fetch.py URL [BODY]: prints what a server on this machine answers to a GET, or to a POST of the body.

Exit status: 0 when the answer is 200, 3 when it is 503, 1 otherwise, with the answer on standard error.
"""

import sys
import urllib.error
import urllib.request

try:
    # No proxy: it is this machine that is asked.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    body = sys.argv[2].encode() if len(sys.argv) > 2 else None
    with opener.open(urllib.request.Request(sys.argv[1], body), timeout=30) as answer:
        sys.stdout.write(answer.read().decode())
except urllib.error.HTTPError as error:
    sys.stderr.write(f"{error.code} {error.read().decode()}\n")
    sys.exit(3 if error.code == 503 else 1)
except OSError as error:
    sys.exit(f"{sys.argv[1]}: {error}")
