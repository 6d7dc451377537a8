"""The bank's part of /api/v1/."""

from django.urls import path

from banking import api
from banking.imports import api as imports

urlpatterns = [
    path("accounts/", api.Accounts.as_view(), name="api-accounts"),
    path("accounts/<str:account>", api.OneAccount.as_view(), name="api-account"),
    path("accounts/<str:account>/balance", api.Balance.as_view(), name="api-balance"),
    path("transactions/", api.History.as_view(), name="api-transactions"),
    path("transactions/deposit", api.Deposit.as_view(), name="api-deposit"),
    path("transactions/withdraw", api.Withdraw.as_view(), name="api-withdraw"),
    path("transactions/transfer", api.Send.as_view(), name="api-transfer"),
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
    path("transactions/<str:transfer>", api.OneTransfer.as_view(), name="api-transaction"),
    path("transactions/<str:transfer>/confirm", api.Confirm.as_view(), name="api-confirm"),
    path("transactions/<str:transfer>/cancel", api.Cancel.as_view(), name="api-cancel"),
    path("transactions/<str:transfer>/decision", api.OneDecision.as_view(), name="api-decision"),
]
