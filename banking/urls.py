"""The bank's pages. The API's addresses are in api_urls.py."""

from django.urls import path

from banking.pages import accounts, people, transfers
from banking.payees import pages as payees

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
    path("profile/", people.profile, name="profile"),
    path("security/", people.security, name="security"),
]
