module "sources" {
  source = "../sources"

  path = var.sources_path
}

locals {
  sources_place = var.sources_folder
  # An empty folder leaves no slash behind.
  sources_url = local.sources_place == null ? "./sources" : join("/", compact(["abfss://${local.sources_place.container}@${reverse(split("/", local.sources_place.account_id))[0]}.dfs.core.windows.net", local.sources_place.folder]))
}

locals {
  # Those in a scope of Databricks are kept there.
  has_scope        = try(var.databricks.secret_scope, null) != null
  secrets          = toset([for name in module.sources.secrets : name if !local.has_scope])
  rotating_secrets = toset([for name in module.sources.rotating_secrets : name if !local.has_scope])
  # Key Vault's rule. The handler would say the same, but only when it runs.
  unfit_secrets = [for name in local.secrets : name if !can(regex("^[0-9A-Za-z-]{1,127}$", name))]
  unfit_crons   = distinct([for key, valid in module.sources.cron_valid : module.sources.crons[key].id if !valid])
}

# Refused before anything is created.
resource "terraform_data" "sources" {
  lifecycle {
    precondition {
      condition     = length(local.unfit_secrets) == 0
      error_message = "Key Vault takes 1 to 127 letters, digits and hyphens as a secret's name; not: ${join(", ", local.unfit_secrets)}"
    }
    precondition {
      condition     = !local.has_scope || length(module.sources.rotating_secrets) == 0
      error_message = "a scope of Databricks is only read, and these refresh tokens are written back: ${join(", ", module.sources.rotating_secrets)}"
    }
    precondition {
      condition     = length(local.unfit_crons) == 0
      error_message = "a schedule must be `every` (a divisor of an hour or a day) or a cron of five fields of which day of month or day of week is *; not so: ${join(", ", local.unfit_crons)}"
    }
  }
}
