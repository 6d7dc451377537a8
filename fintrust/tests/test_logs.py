import logging

import pytest
import structlog

from fintrust import logs


def test_a_request_is_one_line():
    with pytest.raises(structlog.DropEvent):
        logs.one_line_a_request(None, "info", {"event": "request_started"})
    assert logs.one_line_a_request(None, "info", {"event": "request_finished"})


def test_what_somebody_searched_for_is_not_logged(client, db, caplog):
    with caplog.at_level(logging.INFO):
        client.get("/activity/?text=divorce+lawyer")
    lines = [record.getMessage() for record in caplog.records]
    assert any("/activity/" in line for line in lines)
    assert not any("divorce" in line for line in lines)


@pytest.mark.parametrize("level, heard", [("INFO", "WARNING"), ("DEBUG", "DEBUG")])
def test_every_tick_is_noise_until_somebody_asks(level, heard):
    settings = logs.logging_settings(json=False, level=level)
    assert settings["loggers"]["celery.beat"]["level"] == heard
