import subprocess
import sys

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from audit import log, selectors, signing

pytestmark = pytest.mark.usefixtures("bank")


@pytest.fixture
def sealed(records):
    made = records(5)
    log.seal()
    return made


def test_verify_audit_says_that_the_log_is_intact(sealed, capsys):
    call_command("verify_audit")
    assert "intact: 5 of 5 leaves" in capsys.readouterr().out
    call_command("verify_audit", since=5)
    assert "intact: 0 of 5 leaves" in capsys.readouterr().out


def test_verify_audit_fails_and_names_the_first_tampered_record(sealed, tamper):
    tamper("audit_record", "UPDATE audit_record SET reason = 'x' WHERE subject IN ('x3', 'x2')")
    with pytest.raises(CommandError) as refusal:
        call_command("verify_audit")
    assert refusal.value.returncode == 1
    first = str(refusal.value).splitlines()[1]
    assert first.startswith(f"changed at 2 ({sealed[2].public_id}): reason was ''")


def test_verify_audit_holds_the_log_against_a_kept_checkpoint(sealed, tamper, tmp_path):
    kept = tmp_path / "checkpoint"
    kept.write_text(selectors.log_head().note)
    call_command("verify_audit", against=kept)
    tamper("audit_leaf", "DELETE FROM audit_leaf")
    tamper("audit_checkpoint", "DELETE FROM audit_checkpoint")
    with pytest.raises(CommandError, match="a log of 5 leaves was signed once"):
        call_command("verify_audit", against=kept)


def test_a_proof_goes_to_a_file_and_is_checked_without_the_bank(sealed, tmp_path, capsys):
    path, keys = tmp_path / "it.tlog-proof", tmp_path / "keys"
    call_command("audit_proof", sealed[3].public_id, output=path)
    keys.write_text("".join(f"{verifier.vkey}\n" for verifier in signing.verifiers()))
    command = [sys.executable, "-m", "django", "audit_verify_proof", str(path), "--key", str(keys)]
    # Far from the database: an address where none answers.
    environment = {
        "DJANGO_SETTINGS_MODULE": "fintrust.settings",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "FINTRUST_STATE": str(tmp_path),
        "FINTRUST_ENV": "test",
    }
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=settings.BASE_DIR, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"Proven: entry 3 of {settings.AUDIT_LOG_ORIGIN} (size 5" in done.stdout
    assert str(sealed[3].pk) in done.stdout


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("index 3", "index 2"),
        lambda text: text.replace("extra ", "extra AAAA"),
        lambda text: text.replace("\n5\n", "\n6\n"),
        lambda text: "",
    ],
)
def test_a_spoilt_proof_is_refused(sealed, tmp_path, spoil):
    path = tmp_path / "it.tlog-proof"
    call_command("audit_proof", sealed[3].public_id, output=path)
    path.write_text(spoil(path.read_text()))
    with pytest.raises(CommandError, match="NOT PROVEN"):
        call_command("audit_verify_proof", path, key=signing.verifiers()[0].vkey)


def test_a_proof_is_not_made_for_what_is_not_there_or_not_sealed(sealed, records, tmp_path):
    with pytest.raises(CommandError):
        call_command("audit_proof", "rec_nonsense")
    (waiting,) = records(1)
    with pytest.raises(CommandError, match="not in the log yet"):
        call_command("audit_proof", waiting.public_id, output=tmp_path / "x")
