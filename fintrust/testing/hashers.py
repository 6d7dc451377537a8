"""Argon2 as everywhere, with the least cost it allows: tests sign in hundreds of people."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class CheapArgon2(Argon2PasswordHasher):
    time_cost = 1
    memory_cost = 8
    parallelism = 1
