#!/bin/sh
# Agama runs this when it has installed. The last step: from now on this
# machine boots from its disk.
curl -fsS -o /dev/null {{done}}
