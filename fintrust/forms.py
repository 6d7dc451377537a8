"""How forms look: templates in templates/django/forms, so every field is drawn one way."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Project templates first, for whole forms and for single fields."""

    form_template_name = "django/forms/form.html"
    field_template_name = "django/forms/field.html"
