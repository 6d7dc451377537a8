"""One PDF at a time is finished in a process.

reportlab cuts each face down to the letters that a document uses, and does so inside the face that
all threads share; two at once read each other's tables.
"""

from threading import Lock

PRESS = Lock()
