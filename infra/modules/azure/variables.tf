variable "name" {
  description = "Name of the deployment: every resource carries it, with a digest where a name is unique in the whole of Azure."
  type        = string
  default     = "bronzegate"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name)) && !strcontains(var.name, "--")
    error_message = "name must begin with a letter, end with a letter or digit, and have 2 to 20 of a-z, 0-9 and single hyphens."
  }
}

variable "resource_group_name" {
  description = "Resource group that everything is created in."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9._()-]{1,89}[A-Za-z0-9_()-]$", var.resource_group_name))
    error_message = "resource_group_name must be a resource group's name: 2 to 90 letters, digits and ._()-, no full stop at the end."
  }
}

variable "location" {
  description = "Azure region, such as westeurope."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]+$", var.location))
    error_message = "location must be a region's short name, such as westeurope."
  }
}

variable "environment" {
  description = "Written into every record as `_environment`, and the member `environment` of every run's log line."
  type        = string
  default     = "dev"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.environment))
    error_message = "environment must have 1 to 64 letters, digits, _ or -."
  }
}

variable "sources_path" {
  description = "Folder of the source files (`*.yaml`), the same that are in the package."
  type        = string

  validation {
    condition     = length(fileset(var.sources_path, "*.yaml")) > 0
    error_message = "sources_path must be a folder with at least one *.yaml file."
  }
}

variable "sources_folder" {
  description = "A folder in ADLS that the function reads the source files from, instead of those in the package: the account's resource ID, the container, and the folder in it (\"\" = none). Schedules and secrets still follow from sources_path, and timers are files of the package: make and deploy it again when a schedule changes."
  type = object({
    account_id = string
    container  = string
    folder     = optional(string, "")
  })
  default = null

  validation {
    condition     = var.sources_folder == null ? true : can(regex("^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.Storage/storageAccounts/[a-z0-9]{3,24}$", var.sources_folder.account_id)) && can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.sources_folder.container))
    error_message = "sources_folder must have the resource ID of a storage account, and a container's name."
  }
  validation {
    condition     = var.sources_folder == null ? true : can(regex("^([A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*)?$", var.sources_folder.folder))
    error_message = "sources_folder.folder must be empty or folders such as config/sources, without a slash at either end."
  }
}

variable "proxy" {
  description = "The proxy that the handler's calls of APIs and Azure go by, and the hosts that are called directly (NO_PROXY). null = none. The Functions host does not use it. No user and password: they would be in the state."
  type = object({
    https    = optional(string)
    http     = optional(string)
    no_proxy = optional(string)
  })
  default = null

  validation {
    condition     = var.proxy == null ? true : alltrue([for url in [var.proxy.https, var.proxy.http] : url == null ? true : can(regex("^http://[^@/]+:[0-9]+$", url))])
    error_message = "proxy.https and proxy.http must be http://host:port, without a user and a password."
  }
  validation {
    condition     = var.proxy == null || var.network != null
    error_message = "proxy needs network: outside of a private network the app does not reach it."
  }
}

variable "identity" {
  description = "The function's identity: an existing user-assigned one (`existing_id`), or null for a new one."
  type = object({
    existing_id = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.identity.existing_id == null ? true : can(regex("^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.ManagedIdentity/userAssignedIdentities/[^/]+$", var.identity.existing_id))
    error_message = "identity.existing_id must be the resource ID of a user-assigned identity, or null."
  }
}

variable "existing_plan_id" {
  description = "An existing service plan of the kind that `plan` says; null = the module creates one. A plan of Flex Consumption has one app only."
  type        = string
  default     = null

  validation {
    condition     = var.existing_plan_id == null ? true : can(regex("(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.Web/serverFarms/[^/]+$", var.existing_plan_id))
    error_message = "existing_plan_id must be the resource ID of a service plan, or null."
  }
}

variable "customer_managed_key" {
  description = "A key in Key Vault that encrypts the storage accounts that the module creates, and the identity that reads it: it needs the role Key Vault Crypto Service Encryption User on the key. Without a version in its ID the key rotates by itself. null = Microsoft's keys."
  type = object({
    key_vault_key_id          = string
    user_assigned_identity_id = string
  })
  default = null

  validation {
    condition     = var.customer_managed_key == null ? true : can(regex("^https://[A-Za-z0-9-]+[.](vault|managedhsm)[.]azure[.]net/keys/[A-Za-z0-9-]+(/[0-9a-f]{32})?$", var.customer_managed_key.key_vault_key_id)) && can(regex("^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.ManagedIdentity/userAssignedIdentities/[^/]+$", var.customer_managed_key.user_assigned_identity_id))
    error_message = "customer_managed_key must have a key's ID such as https://vault.vault.azure.net/keys/name, and the resource ID of a user-assigned identity."
  }
}

variable "lock" {
  description = "A lock on the bronze account, the vault and the host's account that the module creates, as Azure Verified Modules have it: CanNotDelete or ReadOnly. null = none."
  type = object({
    kind = string
    name = optional(string)
  })
  default = null

  validation {
    condition     = var.lock == null ? true : contains(["CanNotDelete", "ReadOnly"], var.lock.kind)
    error_message = "lock.kind must be CanNotDelete or ReadOnly."
  }
}

variable "role_assignments" {
  description = "Further roles, as Azure Verified Modules have them, by a name of yours: `on` what (bronze, vault, queues, app), which role by name or ID, and who."
  type = map(object({
    on                                     = string
    role_definition_id_or_name             = string
    principal_id                           = string
    description                            = optional(string)
    skip_service_principal_aad_check       = optional(bool, false)
    condition                              = optional(string)
    condition_version                      = optional(string)
    delegated_managed_identity_resource_id = optional(string)
    principal_type                         = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for given in values(var.role_assignments) : contains(["bronze", "vault", "queues", "app"], given.on)])
    error_message = "role_assignments: `on` must be bronze, vault, queues or app."
  }
  validation {
    condition     = var.site_by == "azurerm" || alltrue([for given in values(var.role_assignments) : given.on != "app"])
    error_message = "role_assignments: with site_by = \"azapi\" the app's roles are the root's."
  }
  validation {
    condition     = var.bronze.onelake == null || alltrue([for given in values(var.role_assignments) : given.on != "bronze"])
    error_message = "role_assignments: Azure has no role on a lakehouse."
  }
}

variable "diagnostic_settings" {
  description = "Diagnostic settings, as Azure Verified Modules have them, by a name of yours: `on` what the module creates (bronze, host, vault, app), and where to. The vault has one to the workspace already, for its audit log."
  type = map(object({
    on                                       = optional(set(string), ["bronze", "host", "app"])
    name                                     = optional(string)
    log_categories                           = optional(set(string), [])
    log_groups                               = optional(set(string), ["allLogs"])
    metric_categories                        = optional(set(string), ["AllMetrics"])
    log_analytics_destination_type           = optional(string)
    workspace_resource_id                    = optional(string)
    storage_account_resource_id              = optional(string)
    event_hub_authorization_rule_resource_id = optional(string)
    event_hub_name                           = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue(flatten([for given in values(var.diagnostic_settings) : [for target in given.on : contains(["bronze", "host", "vault", "app"], target)]]))
    error_message = "diagnostic_settings: `on` must be of bronze, host, vault and app."
  }
  validation {
    condition     = var.site_by == "azurerm" || alltrue([for given in values(var.diagnostic_settings) : !contains(given.on, "app")])
    error_message = "diagnostic_settings: with site_by = \"azapi\" the app's settings are the root's."
  }
  validation {
    condition     = alltrue([for given in values(var.diagnostic_settings) : given.workspace_resource_id != null || given.storage_account_resource_id != null || given.event_hub_authorization_rule_resource_id != null])
    error_message = "diagnostic_settings: each needs a workspace, a storage account or an event hub."
  }
}

variable "package" {
  description = "Path of the function app's zip, which holds `handler`, `host.json`, the functions and `sources/`. On the plan flex it is deployed by the output `deploy_command`, on the others by Terraform."
  type        = string

  validation {
    condition     = endswith(var.package, ".zip")
    error_message = "package must be the path of a .zip file."
  }
}

variable "plan" {
  description = "Hosting: flex (Flex Consumption), consumption (Linux Consumption, which Azure retires on 30 September 2028) or premium (Elastic Premium)."
  type        = string
  default     = "flex"

  validation {
    condition     = contains(["flex", "consumption", "premium"], var.plan)
    error_message = "plan must be flex, consumption or premium."
  }
}

variable "site_by" {
  description = "Who makes the app on the plan flex: azurerm (this module; the outputs `storage_command` and `deploy_command` are run after each apply), or azapi (the module `azure-flex-site`, which takes the output `flex_site`; no command is needed)."
  type        = string
  default     = "azurerm"

  validation {
    condition     = contains(["azurerm", "azapi"], var.site_by)
    error_message = "site_by must be azurerm or azapi."
  }
  validation {
    condition     = var.site_by == "azurerm" || var.plan == "flex"
    error_message = "site_by = \"azapi\" is for the plan flex."
  }
  validation {
    condition     = var.site_by == "azurerm" || try(var.network.public_app, true)
    error_message = "site_by = \"azapi\": the app is made after this module, so its private endpoint is the root's: set network.public_app."
  }
}

variable "function" {
  description = "Size and limits of the function app: seconds of an invocation (null = 1800, on the plan consumption 600), instances at most (null = 40 on flex, else 10; fewer than 40 on flex need azurerm 4.58 or newer), MiB of an instance (flex), size of the plan (premium), log level."
  type = object({
    timeout_seconds = optional(number)
    max_instances   = optional(number)
    memory_mib      = optional(number, 512)
    premium_sku     = optional(string, "EP1")
    log             = optional(string, "info")
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.function.timeout_seconds == null ? true : var.function.timeout_seconds >= 60 && var.function.timeout_seconds <= (var.plan == "consumption" ? 600 : 14400) && floor(var.function.timeout_seconds) == var.function.timeout_seconds
    error_message = "function.timeout_seconds must be whole seconds from 60 to 14400; the plan consumption allows 600."
  }
  validation {
    condition     = var.function.max_instances == null ? true : var.function.max_instances >= 1 && var.function.max_instances <= (var.plan == "flex" ? 1000 : 100)
    error_message = "function.max_instances must be from 1 to 1000 on flex, from 1 to 100 on the other plans."
  }
  validation {
    condition     = var.function.max_instances == null ? true : floor(var.function.max_instances) == var.function.max_instances
    error_message = "function.max_instances must be a whole number."
  }
  validation {
    condition     = can(regex("^(([A-Za-z0-9_:]+=)?(off|error|warn|info|debug|trace)(,|$))+$", var.function.log)) && !endswith(var.function.log, ",")
    error_message = "function.log must be off, error, warn, info, debug or trace, or some of them by target: warn,bronzegate_core=debug."
  }
  validation {
    condition     = contains([512, 2048, 4096], var.function.memory_mib)
    error_message = "function.memory_mib must be 512, 2048 or 4096, the sizes that Flex Consumption has."
  }
  validation {
    condition     = contains(["EP1", "EP2", "EP3"], var.function.premium_sku)
    error_message = "function.premium_sku must be EP1, EP2 or EP3."
  }
}

variable "queue" {
  description = "Name of the work queue. The poison queue beside it is <queue>-poison, as the Functions host calls it."
  type        = string
  default     = "bronzegate-work"

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,54}[a-z0-9]$", var.queue)) && !strcontains(var.queue, "--")
    error_message = "queue must have 3 to 56 of a-z, 0-9 and single hyphens: with -poison after it, it is still a queue's name."
  }
}

variable "storage_replication" {
  description = "How the accounts that the module creates are replicated: LRS, ZRS, GRS, GZRS, RAGRS or RAGZRS."
  type        = string
  default     = "ZRS"

  validation {
    condition     = contains(["LRS", "ZRS", "GRS", "GZRS", "RAGRS", "RAGZRS"], var.storage_replication)
    error_message = "storage_replication must be LRS, ZRS, GRS, GZRS, RAGRS or RAGZRS."
  }
}

variable "bronze" {
  description = "Where bronze is: a new storage account with hierarchical namespace (`account`: its name, null = made from name), an existing one (`existing_account_id`), or a OneLake lakehouse; the container, whether to create it, the folder in it (\"\" = none), and for how many days what was deleted can be restored in a new account (null = not)."
  type = object({
    account             = optional(string)
    existing_account_id = optional(string)
    container           = optional(string, "bronze")
    create_container    = optional(bool, true)
    folder              = optional(string, "")
    restore_days        = optional(number, 7)
    onelake = optional(object({
      workspace = string
      lakehouse = string
      folder    = optional(string, "bronze")
    }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = length([for given in [var.bronze.account, var.bronze.existing_account_id, var.bronze.onelake] : given if given != null]) <= 1
    error_message = "bronze must be one of account, existing_account_id and onelake."
  }
  validation {
    condition     = var.bronze.account == null ? true : can(regex("^[a-z0-9]{3,24}$", var.bronze.account))
    error_message = "bronze.account must be a storage account's name: 3 to 24 of a-z and 0-9."
  }
  validation {
    condition     = var.bronze.existing_account_id == null ? true : can(regex("^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.Storage/storageAccounts/[a-z0-9]{3,24}$", var.bronze.existing_account_id))
    error_message = "bronze.existing_account_id must be the resource ID of a storage account."
  }
  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bronze.container)) && !strcontains(var.bronze.container, "--")
    error_message = "bronze.container must be a container's name: 3 to 63 of a-z, 0-9 and single hyphens."
  }
  validation {
    condition     = alltrue([for folder in [var.bronze.folder, try(var.bronze.onelake.folder, "")] : can(regex("^([A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*)?$", folder))])
    error_message = "bronze.folder and bronze.onelake.folder must be empty or folders such as lake/bronze, without a slash at either end."
  }
  validation {
    condition     = var.bronze.restore_days == null ? true : var.bronze.restore_days >= 1 && var.bronze.restore_days <= 365
    error_message = "bronze.restore_days must be from 1 to 365, or null."
  }
  validation {
    condition = var.bronze.onelake == null ? true : anytrue([
      alltrue([for id in [var.bronze.onelake.workspace, var.bronze.onelake.lakehouse] : can(regex("^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$", id))]),
      can(regex("^[^/@?#%:\\\\]+$", var.bronze.onelake.workspace)) && can(regex("^[^/@?#%:\\\\]+[.][A-Za-z]+$", var.bronze.onelake.lakehouse)) && !can(regex("^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$", var.bronze.onelake.workspace)),
    ])
    error_message = "bronze.onelake must name workspace and lakehouse both by GUID or both by name, never mixed; a lakehouse's name has its type after it: Sales.Lakehouse."
  }
}

variable "tables" {
  description = "The root of Delta tables, for streams with `output.table`: a folder (\"\" = none) of the bronze account, in a container of its own or bronze's (`container` = null), or the Tables of a OneLake lakehouse (`onelake`; null = the one that bronze is in), with its schema where it has schemas. null = no such tables."
  type = object({
    container = optional(string)
    folder    = optional(string, "tables")
    onelake = optional(object({
      workspace = string
      lakehouse = string
      schema    = optional(string)
    }))
  })
  default = null

  validation {
    condition     = try(var.tables.container, null) == null ? true : can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.tables.container)) && !strcontains(var.tables.container, "--") && var.tables.onelake == null
    error_message = "tables.container must be a container's name: 3 to 63 of a-z, 0-9 and single hyphens; OneLake has none."
  }
  validation {
    condition     = var.tables == null ? true : can(regex("^([A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*)?$", var.tables.folder))
    error_message = "tables.folder must be empty or folders such as lake/tables, without a slash at either end."
  }
  validation {
    condition     = var.tables == null ? true : var.tables.container != null || var.tables.onelake != null || var.bronze.onelake != null || var.tables.folder != var.bronze.folder
    error_message = "tables.folder must be another folder than bronze.folder in the same container."
  }
  validation {
    condition     = var.tables == null ? true : var.bronze.onelake == null || var.tables.container == null
    error_message = "tables.container needs bronze in a storage account: set tables.onelake, or leave both out for bronze's lakehouse."
  }
  validation {
    condition = try(var.tables.onelake, null) == null ? true : anytrue([
      alltrue([for id in [var.tables.onelake.workspace, var.tables.onelake.lakehouse] : can(regex("^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$", id))]),
      can(regex("^[^/@?#%:\\\\]+$", var.tables.onelake.workspace)) && can(regex("^[^/@?#%:\\\\]+[.][A-Za-z]+$", var.tables.onelake.lakehouse)) && !can(regex("^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$", var.tables.onelake.workspace)),
    ])
    error_message = "tables.onelake must name workspace and lakehouse both by GUID or both by name, never mixed; a lakehouse's name has its type after it: Sales.Lakehouse."
  }
  validation {
    condition     = try(var.tables.onelake.schema, null) == null ? true : can(regex("^[A-Za-z0-9_]+$", var.tables.onelake.schema))
    error_message = "tables.onelake.schema must be letters, digits and _."
  }
}

variable "databricks" {
  description = "A workspace of Azure Databricks, which takes the function's identity once it is a service principal there (output `databricks_grant`): its address; for tables by COPY INTO also the schema as <catalog>.<schema>, the SQL warehouse's id, and how the workspace sees the bronze folder (null = its abfss:// URL). With `secret_scope` the sources' secrets are read from that scope instead of the vault."
  type = object({
    host         = string
    schema       = optional(string)
    warehouse_id = optional(string)
    files        = optional(string)
    secret_scope = optional(string)
  })
  default = null

  validation {
    condition     = var.databricks == null ? true : can(regex("^https://[A-Za-z0-9.-]+$", var.databricks.host))
    error_message = "databricks.host must be the workspace's address, such as https://adb-1234567890123456.7.azuredatabricks.net, without a path."
  }
  validation {
    condition     = try(var.databricks.schema, null) == null ? true : can(regex("^[^./ ]+[.][^./ ]+$", var.databricks.schema)) && can(regex("^[A-Za-z0-9-]+$", var.databricks.warehouse_id))
    error_message = "databricks.schema must be <catalog>.<schema>, and goes with databricks.warehouse_id, the id of a SQL warehouse."
  }
  validation {
    condition     = try(var.databricks.files, null) == null ? true : can(regex("^(/|[a-z0-9]+://)[^*?\\[\\]{}]+$", var.databricks.files))
    error_message = "databricks.files must be a path such as /Volumes/main/bronze/landing, or the URL of an external location."
  }
  validation {
    condition     = try(var.databricks.secret_scope, null) == null ? true : can(regex("^[A-Za-z0-9_.@-]{1,128}$", var.databricks.secret_scope))
    error_message = "databricks.secret_scope must have 1 to 128 letters, digits and _.@-."
  }
  validation {
    condition     = var.tables == null || try(var.databricks.schema, null) == null
    error_message = "tables and databricks.schema are two places for the same tables: set one."
  }
}

variable "key_vault" {
  description = "The vault of the sources' secrets: an existing one with Azure RBAC (`existing_id`), or a new one (`name`: null = made from name) that can be purged before `restore_days` are over only if `purge_protection` is off."
  type = object({
    existing_id      = optional(string)
    name             = optional(string)
    restore_days     = optional(number, 90)
    purge_protection = optional(bool, true)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.key_vault.existing_id == null ? true : can(regex("^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.KeyVault/vaults/[A-Za-z0-9-]{3,24}$", var.key_vault.existing_id)) && var.key_vault.name == null
    error_message = "key_vault.existing_id must be the resource ID of a vault; name is for a new one."
  }
  validation {
    condition     = var.key_vault.name == null ? true : can(regex("^[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]$", var.key_vault.name)) && !strcontains(var.key_vault.name, "--")
    error_message = "key_vault.name must begin with a letter and have 3 to 24 letters, digits and single hyphens."
  }
  validation {
    condition     = var.key_vault.restore_days >= 7 && var.key_vault.restore_days <= 90
    error_message = "key_vault.restore_days must be from 7 to 90."
  }
}

variable "network" {
  description = "A private network (null = none): the subnet that the app's calls leave through (delegated to Microsoft.App/environments on flex, to Microsoft.Web/serverFarms on premium), the subnet of the private endpoints, their DNS zones (null = somebody else registers them), and whether the app itself is reached from the internet. The accounts and the vault that the module creates are then reached from this network only."
  type = object({
    integration_subnet_id = string
    endpoint_subnet_id    = string
    dns_zone_ids = optional(object({
      blob  = optional(string)
      queue = optional(string)
      dfs   = optional(string)
      vault = optional(string)
      sites = optional(string)
    }), {})
    public_app = optional(bool, true)
  })
  default = null

  validation {
    condition     = var.network == null ? true : alltrue([for id in [var.network.integration_subnet_id, var.network.endpoint_subnet_id] : can(regex("^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.Network/virtualNetworks/[^/]+/subnets/[^/]+$", id))])
    error_message = "network.integration_subnet_id and network.endpoint_subnet_id must be resource IDs of subnets."
  }
  validation {
    condition     = var.network == null ? true : var.network.integration_subnet_id != var.network.endpoint_subnet_id
    error_message = "network must name two subnets: a delegated one holds no private endpoints."
  }
  validation {
    condition     = var.network == null ? true : alltrue([for id in values(var.network.dns_zone_ids) : id == null ? true : can(regex("(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.Network/privateDnsZones/[^/]+$", id))])
    error_message = "network.dns_zone_ids must be resource IDs of private DNS zones."
  }
  validation {
    condition     = var.network == null || var.plan != "consumption"
    error_message = "network must be null on the plan consumption, which has no virtual network."
  }
}

variable "logs" {
  description = "Retention in days of the Log Analytics workspace that the module creates, or an existing one (`workspace_id`)."
  type = object({
    retention_days = optional(number, 365)
    workspace_id   = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.logs.retention_days >= 30 && var.logs.retention_days <= 730
    error_message = "logs.retention_days must be from 30 to 730."
  }
  validation {
    condition     = var.logs.workspace_id == null ? true : can(regex("^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.OperationalInsights/workspaces/[^/]+$", var.logs.workspace_id))
    error_message = "logs.workspace_id must be the resource ID of a Log Analytics workspace, or null."
  }
}

variable "thresholds" {
  description = "Minutes of grace after a scheduled run is due, before it is missing. What is expected of a run stands in its source file (`expect`), for each stream."
  type = object({
    missed_grace_minutes = optional(number, 60)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.thresholds.missed_grace_minutes >= 15
    error_message = "thresholds.missed_grace_minutes must be 15 or more: a run takes its time."
  }
}

variable "alerts_enabled" {
  description = "Whether the alert rules look at all."
  type        = bool
  default     = true
  nullable    = false
}

variable "action_group_id" {
  description = "Action group that alerts go to; null = the module creates one."
  type        = string
  default     = null

  validation {
    condition     = var.action_group_id == null ? true : can(regex("(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.Insights/actionGroups/[^/]+$", var.action_group_id))
    error_message = "action_group_id must be the resource ID of an action group, or null."
  }
}

variable "alert_emails" {
  description = "Addresses that the action group of the module writes to."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.alert_emails : can(regex("^[^@[:space:]]+@[^@[:space:]]+$", address))])
    error_message = "alert_emails must be e-mail addresses."
  }
  validation {
    condition     = length(var.alert_emails) == 0 || var.action_group_id == null
    error_message = "alert_emails are for the action group of the module; the one of action_group_id has its own."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false
}
