"""What a customer says their money was for."""

from typing import Any

from django import forms

from banking.insights.categories import LABELS

NONE = "none"


class CategoryForm(forms.Form):
    category = forms.ChoiceField(choices=[(NONE, "Let the bank decide"), *LABELS.items()])

    def __init__(self, *args: Any, counterparty: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["scope"] = forms.ChoiceField(
            label="For",
            widget=forms.RadioSelect,
            choices=[
                ("one", "This payment only"),
                ("all", f"Everything from and to {counterparty}"),
            ],
        )

    def clean_category(self) -> str:
        chosen: str = self.cleaned_data["category"]
        return "" if chosen == NONE else chosen
