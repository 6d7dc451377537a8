"""The bank's part of /api/v1/."""

from django.urls import path

from banking.answers import api as answers
from banking.api import accounts, held, history, sending
from banking.batches import api as batches
from banking.care import api as care
from banking.holds import api as holds
from banking.imports import api as imports
from banking.insights import api as insights
from banking.payees import api as payees
from banking.returns import api as returns
from banking.schedules import api as schedules
from banking.statements import api as statements
from banking.webhooks import api as webhooks
from banking.whatif import api as whatif

urlpatterns = [
    path("risk/assess", whatif.Assess.as_view(), name="api-risk-assess"),
    path("accounts/", accounts.Accounts.as_view(), name="api-accounts"),
    path("accounts/<str:account>", accounts.OneAccount.as_view(), name="api-account"),
    path("accounts/<str:account>/freeze", care.Freeze.as_view(), name="api-freeze"),
    path("accounts/<str:account>/thaw", care.Thaw.as_view(), name="api-thaw"),
    path("accounts/<str:account>/close", care.Close.as_view(), name="api-close"),
    path("accounts/<str:account>/limits", accounts.AccountLimits.as_view(), name="api-limits"),
    path("accounts/<str:account>/balance", statements.Balance.as_view(), name="api-balance"),
    path(
        "accounts/<str:account>/statement",
        statements.AccountStatement.as_view(),
        name="api-statement",
    ),
    path("risk/decisions/<str:decision>/answer", answers.Answer.as_view(), name="api-risk-answer"),
    path(
        "risk/decisions/<str:decision>/dispute",
        answers.DisputeDoor.as_view(),
        name="api-risk-dispute",
    ),
    path("holds/", holds.Holds.as_view(), name="api-holds"),
    path("holds/<str:hold>", holds.OneHold.as_view(), name="api-hold"),
    path("holds/<str:hold>/capture", holds.Capture.as_view(), name="api-capture"),
    path("holds/<str:hold>/release", holds.Release.as_view(), name="api-release"),
    path("transactions/", history.History.as_view(), name="api-transactions"),
    path("transactions/deposit", sending.Deposit.as_view(), name="api-deposit"),
    path("transactions/withdraw", sending.Withdraw.as_view(), name="api-withdraw"),
    path("transactions/transfer", sending.Send.as_view(), name="api-transfer"),
    path("transactions/batch", batches.SendMany.as_view(), name="api-batch"),
    path("transactions/quote", sending.Quoted.as_view(), name="api-quote"),
    path("transactions/import", imports.Imports.as_view(), name="api-imports"),
    path("transactions/import/<str:item>", imports.OneImport.as_view(), name="api-import"),
    path(
        "transactions/import/<str:item>/confirm",
        imports.ConfirmImport.as_view(),
        name="api-import-confirm",
    ),
    path("outside-accounts/", imports.OutsideAccounts.as_view(), name="api-outside-accounts"),
    path(
        "outside-accounts/<str:outside>",
        imports.OneOutsideAccount.as_view(),
        name="api-outside-account",
    ),
    path(
        "outside-accounts/<str:outside>/entries",
        imports.OutsideEntries.as_view(),
        name="api-outside-entries",
    ),
    path("transactions/<str:transfer>", history.OneTransfer.as_view(), name="api-transaction"),
    path("transactions/<str:transfer>/confirm", held.Confirm.as_view(), name="api-confirm"),
    path("transactions/<str:transfer>/cancel", held.Cancel.as_view(), name="api-cancel"),
    path("transactions/<str:transfer>/return", returns.Return.as_view(), name="api-return"),
    path(
        "transactions/<str:transfer>/decision", history.OneDecision.as_view(), name="api-decision"
    ),
    path("webhooks/", webhooks.Webhooks.as_view(), name="api-webhooks"),
    path("webhooks/<str:webhook>", webhooks.OneWebhook.as_view(), name="api-webhook"),
    path("webhooks/<str:webhook>/rotate", webhooks.Rotate.as_view(), name="api-webhook-rotate"),
    path(
        "webhooks/<str:webhook>/deliveries/",
        webhooks.Deliveries.as_view(),
        name="api-webhook-deliveries",
    ),
    path(
        "webhooks/<str:webhook>/deliveries/<str:delivery>/resend",
        webhooks.Resend.as_view(),
        name="api-webhook-resend",
    ),
    path(
        "analytics/spending-summary",
        insights.SpendingSummary.as_view(),
        name="api-spending-summary",
    ),
    path(
        "analytics/spending-prediction",
        insights.SpendingPrediction.as_view(),
        name="api-spending-prediction",
    ),
    path("payees/", payees.Payees.as_view(), name="api-payees"),
    path("payees/check", payees.NameCheckDoor.as_view(), name="api-payee-check"),
    path("payees/<str:payee>", payees.OnePayee.as_view(), name="api-payee"),
    path("schedules/", schedules.Schedules.as_view(), name="api-schedules"),
    path("schedules/<str:schedule>", schedules.OneSchedule.as_view(), name="api-schedule"),
    path("schedules/<str:schedule>/occurrences", schedules.Occurrences.as_view()),
    path("schedules/<str:schedule>/pause", schedules.Pause.as_view()),
    path("schedules/<str:schedule>/resume", schedules.Resume.as_view()),
    path("schedules/<str:schedule>/skip", schedules.Skip.as_view()),
    path("schedules/<str:schedule>/cancel", schedules.Cancel.as_view()),
]
