"""The bank's pages. The API's addresses are in api_urls.py."""

from django.urls import path

from banking.pages import accounts, people, transfers
from banking.payees import pages as payees
from banking.schedules import pages as schedules

urlpatterns = [
    path("", accounts.home, name="home"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/open/", accounts.open_account, name="account-open"),
    path("accounts/<str:account_id>/", accounts.account, name="account"),
    path("accounts/<str:account_id>/fund/", accounts.fund, name="account-fund"),
    path("send/", transfers.send, name="send"),
    path("send/preview/", transfers.preview, name="send-preview"),
    path("activity/", transfers.activity, name="activity"),
    path("transfers/<str:transfer_id>/", transfers.transfer, name="transfer"),
    path(
        "transfers/<str:transfer_id>/confirm/",
        transfers.confirm,
        name="transfer-confirm",
    ),
    path("transfers/<str:transfer_id>/cancel/", transfers.cancel, name="transfer-cancel"),
    path("payees/", payees.payees, name="payees"),
    path("payees/add/", payees.add, name="payee-add"),
    path("payees/<str:payee_id>/", payees.payee, name="payee"),
    path("payees/<str:payee_id>/remove/", payees.remove, name="payee-remove"),
    path("schedules/", schedules.schedules, name="schedules"),
    path("schedules/new/", schedules.new, name="schedule-new"),
    path("schedules/preview/", schedules.preview, name="schedule-preview"),
    path("schedules/<str:schedule_id>/", schedules.schedule, name="schedule"),
    path("schedules/<str:schedule_id>/change/", schedules.change, name="schedule-change"),
    path("schedules/<str:schedule_id>/pause/", schedules.pause, name="schedule-pause"),
    path("schedules/<str:schedule_id>/resume/", schedules.resume, name="schedule-resume"),
    path("schedules/<str:schedule_id>/skip/", schedules.skip, name="schedule-skip"),
    path("schedules/<str:schedule_id>/cancel/", schedules.cancel, name="schedule-cancel"),
    path("profile/", people.profile, name="profile"),
    path("security/", people.security, name="security"),
]
