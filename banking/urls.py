"""The bank's pages. The API's addresses are in api_urls.py."""

from django.urls import path

from banking.imports import pages as imports
from banking.pages import accounts, people, transfers

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
    path("import/", imports.imports, name="imports"),
    path("import/<str:item_id>/", imports.one_import, name="import"),
    path("import/<str:item_id>/columns/", imports.correct, name="import-columns"),
    path("import/<str:item_id>/confirm/", imports.confirm, name="import-confirm"),
    path("import/<str:item_id>/undo/", imports.undo, name="import-undo"),
    path("import/<str:item_id>/errors.csv", imports.faults, name="import-errors"),
    path("outside/open/", imports.open_account, name="outside-open"),
    path("outside/<str:account_id>/", imports.account, name="outside"),
    path("outside/<str:account_id>/delete/", imports.delete_account, name="outside-delete"),
    path("profile/", people.profile, name="profile"),
    path("security/", people.security, name="security"),
]
