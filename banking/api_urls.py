"""The bank's part of /api/v1/."""

from django.urls import path

from banking import api
from banking.payees import api as payees
from banking.schedules import api as schedules

urlpatterns = [
    path("accounts/", api.Accounts.as_view(), name="api-accounts"),
    path("accounts/<str:account>", api.OneAccount.as_view(), name="api-account"),
    path("accounts/<str:account>/balance", api.Balance.as_view(), name="api-balance"),
    path("transactions/", api.History.as_view(), name="api-transactions"),
    path("transactions/deposit", api.Deposit.as_view(), name="api-deposit"),
    path("transactions/withdraw", api.Withdraw.as_view(), name="api-withdraw"),
    path("transactions/transfer", api.Send.as_view(), name="api-transfer"),
    path("transactions/<str:transfer>", api.OneTransfer.as_view(), name="api-transaction"),
    path("transactions/<str:transfer>/confirm", api.Confirm.as_view(), name="api-confirm"),
    path("transactions/<str:transfer>/cancel", api.Cancel.as_view(), name="api-cancel"),
    path("transactions/<str:transfer>/decision", api.OneDecision.as_view(), name="api-decision"),
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
