"""Reads mails with Python's own parser and prints every header and text, decoded: one JSON list per mail.

usage: mail_read.py FILE...      exit 0 when the parser found no defect in any of them, else 1
"""
import email
import email.policy
import json
import sys


def words(message):
    found = [f"{name}: {value}" for name, value in message.items()]
    found += [repr(defect) for defect in message.defects]
    if message.get_filename():
        found.append(message.get_filename())
    if message.is_multipart():
        found += [message.preamble or "", message.epilogue or ""]
        for part in message.iter_parts() if hasattr(message, "iter_parts") else message.get_payload():
            found += words(part)
    else:
        content = message.get_content()
        found.append(content if isinstance(content, str) else content.decode("utf-8", "replace"))
    return found


def defects(message):
    return len(message.defects) + sum(defects(part) for part in message.walk() if part is not message)


status = 0
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        mail = email.message_from_binary_file(file, policy=email.policy.default)
    status |= defects(mail) > 0
    print(json.dumps(words(mail)))
sys.exit(status)
