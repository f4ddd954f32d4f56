#!/usr/bin/python3
"""One request to the IAM API of the S3 that the LOG_COURIER_S3_* environment names, signed and sent as
contrib/s3/service-user does: iam.py ACTION [NAME=VALUE...] prints the answer; iam.py policy, the policy that it writes.
"""

import importlib.machinery
import importlib.util
import json
import os
import sys
import xml.etree.ElementTree as xml

sys.dont_write_bytecode = True
TOOL = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../contrib/s3/service-user")


def load_tool():
    loader = importlib.machinery.SourceFileLoader("service_user", TOOL)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("service_user", loader))
    loader.exec_module(module)
    return module


def main():
    tool = load_tool()
    environment = {
        "AWS_ACCESS_KEY_ID": os.environ["LOG_COURIER_S3_ACCESS_KEY_ID"],
        "AWS_SECRET_ACCESS_KEY": os.environ["LOG_COURIER_S3_SECRET_ACCESS_KEY"],
    }
    if sys.argv[1] == "policy":
        print(json.dumps(tool.POLICY))
        return 0
    iam = tool.Iam(os.environ["LOG_COURIER_S3_ENDPOINT"], environment)
    try:
        answer = iam.call(sys.argv[1], **dict(pair.split("=", 1) for pair in sys.argv[2:]))
    except tool.IamError as error:
        print(error)
        return 1
    print(xml.tostring(answer, encoding="unicode"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
