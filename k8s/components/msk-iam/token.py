"""Writes a token for Amazon MSK into a file, again and again: python token.py FILE"""

import os
import sys
import time

from aws_msk_iam_sasl_signer import MSKAuthTokenProvider

BETWEEN_TOKENS = 300  # seconds; a token is good for 900


def write_token(file):
    token, _ = MSKAuthTokenProvider.generate_auth_token(os.environ["AWS_REGION"])
    with open(file + ".new", "w") as new:
        new.write(token)
    os.rename(file + ".new", file)  # whoever reads it has the old one or the new one


while True:
    write_token(sys.argv[1])
    time.sleep(BETWEEN_TOKENS)
