variable "name" {
  description = "Name of the deployment: the function, the state machine, the schedule group and the roles carry it."
  type        = string
  default     = "bronzegate"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,31}$", var.name))
    error_message = "name must begin with a letter and have at most 32 of a-z, 0-9 and -."
  }
}

variable "environment" {
  description = "Written into every record as `_environment`, and the metrics' dimension Environment."
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
  description = "A folder in S3 that the function reads the source files from, as s3://bucket/prefix, instead of those in the package. Schedules and secrets still follow from sources_path: apply again when they change."
  type        = string
  default     = null

  validation {
    condition     = var.sources_folder == null ? true : can(regex("^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_.-]+)*/?$", var.sources_folder))
    error_message = "sources_folder must be s3://bucket/prefix, or null."
  }
}

variable "network" {
  description = "Subnets and security groups of a VPC for the function; null = outside of one. APIs are then reached by a NAT gateway, AWS's services by that or by endpoints."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null

  validation {
    condition     = var.network == null ? true : length(var.network.subnet_ids) > 0 && length(var.network.security_group_ids) > 0
    error_message = "network needs at least one subnet and one security group."
  }
}

variable "proxy" {
  description = "The proxy that the function's calls of APIs and AWS go by, and the hosts that are called directly (NO_PROXY). null = none. No user and password: they would be in the state."
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
    error_message = "proxy needs network: outside of a VPC the function does not reach it."
  }
}

variable "package" {
  description = "Path of the function's zip, which holds `bootstrap` and `sources/`. One of package, package_object and image_uri."
  type        = string
  default     = null

  validation {
    condition     = var.package == null ? true : endswith(var.package, ".zip")
    error_message = "package must be the path of a .zip file."
  }
  validation {
    condition     = length([for given in [var.package, try(var.package_object.key, null), var.image_uri] : given if given != null]) == 1
    error_message = "set exactly one of package, package_object and image_uri."
  }
}

variable "package_object" {
  description = "The same zip in S3: bucket, key and version. Without a version, a new zip of the same key is not deployed."
  type = object({
    bucket  = string
    key     = string
    version = optional(string)
  })
  default = null
}

variable "image_uri" {
  description = "A container image in ECR instead of a zip, by digest: it has `bootstrap` as its entry point and `sources/` in its working folder."
  type        = string
  default     = null

  validation {
    condition     = var.image_uri == null ? true : can(regex("^[0-9]{12}[.]dkr[.]ecr[.][a-z0-9.-]+/.+(@sha256:[0-9a-f]{64}|:[A-Za-z0-9_.-]+)$", var.image_uri))
    error_message = "image_uri must be an image in ECR with a digest or a tag."
  }
}

variable "architecture" {
  description = "Processor that the package is built for: arm64 or x86_64."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "function" {
  description = "Size and limits of the function: memory in MiB, timeout in seconds, reserved concurrency (-1 = none reserved), log level, X-Ray."
  type = object({
    memory_mib           = optional(number, 256)
    timeout_seconds      = optional(number, 900)
    reserved_concurrency = optional(number, -1)
    log                  = optional(string, "info")
    tracing              = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.function.memory_mib >= 128 && var.function.memory_mib <= 10240
    error_message = "function.memory_mib must be from 128 to 10240."
  }
  validation {
    condition     = var.function.timeout_seconds >= 10 && var.function.timeout_seconds <= 900
    error_message = "function.timeout_seconds must be from 10 to 900, Lambda's limit."
  }
  validation {
    condition     = var.function.reserved_concurrency >= -1
    error_message = "function.reserved_concurrency must be -1 (none reserved) or more."
  }
}

variable "bucket" {
  description = "The bronze bucket: its name, whether to create it, the account that must own it (null = this one if the module creates it, else any), the folder in it, and after how many days versions that were replaced are removed (null = never): of everything, and of the commit log."
  type = object({
    name                       = string
    create                     = optional(bool, true)
    owner                      = optional(string)
    prefix                     = optional(string, "bronze")
    noncurrent_expiry_days     = optional(number)
    log_noncurrent_expiry_days = optional(number, 7)
    force_destroy              = optional(bool, false)
    abort_incomplete_upload    = optional(number, 7)
  })

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket.name))
    error_message = "bucket.name must be a bucket's name: 3 to 63 of a-z, 0-9, . and -."
  }
  validation {
    condition     = var.bucket.owner == null ? true : can(regex("^[0-9]{12}$", var.bucket.owner))
    error_message = "bucket.owner must be an account's id of 12 digits, or null."
  }
  validation {
    condition     = can(regex("^([A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*)?$", var.bucket.prefix))
    error_message = "bucket.prefix must be empty or folders such as lake/bronze, without a slash at either end."
  }
  validation {
    condition     = var.bucket.noncurrent_expiry_days == null ? true : var.bucket.noncurrent_expiry_days >= 1
    error_message = "bucket.noncurrent_expiry_days must be 1 or more, or null."
  }
  validation {
    condition     = var.bucket.log_noncurrent_expiry_days == null ? true : var.bucket.log_noncurrent_expiry_days >= 1
    error_message = "bucket.log_noncurrent_expiry_days must be 1 or more, or null."
  }
  validation {
    condition     = var.bucket.abort_incomplete_upload >= 2
    error_message = "bucket.abort_incomplete_upload must be 2 days or more: a younger upload may be committed and not yet published."
  }
}

variable "tables" {
  description = "The root of Delta tables in S3, for streams with `output.table`: the bucket (null = the bronze bucket), whether to create it, the account that must own it (as `bucket.owner`), and the folder in it (\"\" = none). null = no such tables. The owner of an existing bucket sets the lifecycle that aborts incomplete uploads, as the module does."
  type = object({
    bucket = optional(string)
    create = optional(bool, true)
    owner  = optional(string)
    prefix = optional(string, "tables")
  })
  default = null

  validation {
    condition     = try(var.tables.bucket, null) == null ? true : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.tables.bucket)) && var.tables.bucket != var.bucket.name
    error_message = "tables.bucket must be the name of another bucket than bronze's: 3 to 63 of a-z, 0-9, . and -; null for bronze's."
  }
  validation {
    condition     = try(var.tables.owner, null) == null ? true : can(regex("^[0-9]{12}$", var.tables.owner)) && var.tables.bucket != null
    error_message = "tables.owner must be an account's id of 12 digits, and goes with tables.bucket."
  }
  validation {
    condition     = var.tables == null ? true : can(regex("^([A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*)?$", var.tables.prefix))
    error_message = "tables.prefix must be empty or folders such as lake/tables, without a slash at either end."
  }
  validation {
    condition     = var.tables == null ? true : var.tables.bucket != null || (var.tables.prefix != var.bucket.prefix && !startswith("${var.tables.prefix}/", "${var.bucket.prefix}/_bronzegate/"))
    error_message = "tables.prefix must be another folder than bucket.prefix in the same bucket."
  }
}

variable "databricks" {
  description = "A workspace of Databricks: its host; the service principal's application id, and the name of the secret that holds its OAuth secret (in Secrets Manager as secret_prefix + secret). For tables by COPY INTO also the schema as <catalog>.<schema>, the SQL warehouse's id, and how the workspace sees the bronze folder (null = its s3:// URL). With `secret_scope` the sources' secrets are read from that scope."
  type = object({
    host         = string
    client_id    = string
    secret       = optional(string, "databricks-client-secret")
    schema       = optional(string)
    warehouse_id = optional(string)
    files        = optional(string)
    secret_scope = optional(string)
  })
  default = null

  validation {
    condition     = var.databricks == null ? true : can(regex("^https://[A-Za-z0-9.-]+$", var.databricks.host))
    error_message = "databricks.host must be the workspace's address, such as https://dbc-a1b2c3d4-e5f6.cloud.databricks.com, without a path."
  }
  validation {
    condition     = var.databricks == null ? true : can(regex("^[A-Za-z0-9_+=.@-]{1,128}$", var.databricks.secret)) && length(var.databricks.client_id) > 0
    error_message = "databricks.client_id must be set, and databricks.secret must have 1 to 128 letters, digits and _+=.@-."
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

variable "kms_key_arn" {
  description = "KMS key for the bucket's objects and the secrets that the module creates; null = SSE-S3 and the account's own key of Secrets Manager."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null ? true : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key (not of an alias), or null."
  }
}

variable "logs" {
  description = "Retention in days of the two log groups, and the KMS key that encrypts them (its policy must let CloudWatch Logs use it; null = the service's own); or the names of existing groups. The state machine's begins with /aws/vendedlogs/, so that its policy does not grow."
  type = object({
    retention_days = optional(number, 365)
    kms_key_arn    = optional(string)
    function_group = optional(string)
    workflow_group = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.logs.retention_days)
    error_message = "logs.retention_days must be a value that CloudWatch Logs has, such as 30, 90 or 365."
  }
}

variable "secret_prefix" {
  description = "What stands before a secret's name in Secrets Manager; for secrets of another account or region an ARN: arn:aws:secretsmanager:eu-central-1:123456789012:secret:bronzegate/. Its owner lets the function's role in, and the key's."
  type        = string
  default     = "bronzegate/"

  validation {
    condition     = can(regex("^(arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:)?[A-Za-z0-9/_+=.@-]{0,128}$", var.secret_prefix))
    error_message = "secret_prefix must have at most 128 letters, digits and /_+=.@-, and may begin with arn:aws:secretsmanager:<region>:<account>:secret:."
  }
}

variable "schedules" {
  description = "Of all schedules: on or off, minutes of the flexible window (0 = none), attempts and age in seconds of a start that fails."
  type = object({
    enabled                 = optional(bool, true)
    flexible_window_minutes = optional(number, 0)
    retry_attempts          = optional(number, 5)
    retry_age_seconds       = optional(number, 3600)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.schedules.flexible_window_minutes >= 0 && var.schedules.flexible_window_minutes <= 1440
    error_message = "schedules.flexible_window_minutes must be from 0 to 1440."
  }
  validation {
    condition     = var.schedules.retry_attempts >= 0 && var.schedules.retry_attempts <= 185
    error_message = "schedules.retry_attempts must be from 0 to 185."
  }
  validation {
    condition     = var.schedules.retry_age_seconds >= 60 && var.schedules.retry_age_seconds <= 86400
    error_message = "schedules.retry_age_seconds must be from 60 to 86400."
  }
}

variable "workflow" {
  description = "The state machine: invocations of one event at most, seconds between two of them, windows of a backfill at once, and the retries of the errors `api`, `store` and `interrupted`."
  type = object({
    max_segments           = optional(number, 100)
    pause_seconds          = optional(number, 5)
    backfill_concurrency   = optional(number, 4)
    retry_attempts         = optional(number, 3)
    retry_interval_seconds = optional(number, 60)
    retry_backoff          = optional(number, 3)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.workflow.max_segments >= 1 && var.workflow.max_segments <= 1000
    error_message = "workflow.max_segments must be from 1 to 1000: an execution's history has room for 25,000 events."
  }
  validation {
    condition     = var.workflow.pause_seconds >= 1
    error_message = "workflow.pause_seconds must be 1 or more."
  }
  validation {
    condition     = var.workflow.backfill_concurrency >= 1 && var.workflow.backfill_concurrency <= 100
    error_message = "workflow.backfill_concurrency must be from 1 to 100."
  }
  validation {
    condition     = var.workflow.retry_attempts >= 0 && var.workflow.retry_interval_seconds >= 1 && var.workflow.retry_backoff >= 1
    error_message = "workflow.retry_attempts must be 0 or more; retry_interval_seconds and retry_backoff 1 or more."
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

variable "alarms" {
  description = "Whether alarms and failed executions are told to the topic, whether each stream has its two alarms, and who subscribes to it: SNS's protocol and endpoint by a name of yours. An e-mail address confirms by hand. An https endpoint that confirms by itself says so. `slack` is a channel of a workspace that the account's Amazon Q Developer in chat applications (once AWS Chatbot) may use; it shows alarms and can do nothing."
  type = object({
    actions_enabled = optional(bool, true)
    streams         = optional(bool, true)
    subscriptions = optional(map(object({
      protocol        = string
      endpoint        = string
      confirms_itself = optional(bool, false)
    })), {})
    slack = optional(object({
      team_id    = string
      channel_id = string
    }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for one in values(var.alarms.subscriptions) : contains(["email", "email-json", "https", "sqs", "lambda", "sms", "firehose"], one.protocol)])
    error_message = "alarms.subscriptions: the protocol must be email, email-json, https, sqs, lambda, sms or firehose."
  }
  validation {
    condition     = var.alarms.slack == null ? true : can(regex("^[0-9A-Z]{1,255}$", var.alarms.slack.team_id)) && can(regex("^[A-Za-z0-9]{1,255}$", var.alarms.slack.channel_id))
    error_message = "alarms.slack must have the IDs of a workspace and a channel, such as T07EA123LEP and C07EZ1ABC23."
  }
}

variable "roles" {
  description = "Of the three roles: their path and permissions boundary; further policies of the function's role, by a name of yours; or the ARNs of existing roles, which must have the output `role_policies`."
  type = object({
    path                 = optional(string, "/")
    permissions_boundary = optional(string)
    function_policies    = optional(map(string), {})
    existing = optional(object({
      function  = optional(string)
      workflow  = optional(string)
      scheduler = optional(string)
    }), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^/([!-~]+/)?$", var.roles.path))
    error_message = "roles.path must begin and end with a slash."
  }
  validation {
    condition     = alltrue([for arn in compact(concat([var.roles.permissions_boundary], values(var.roles.function_policies))) : can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", arn))])
    error_message = "roles.permissions_boundary and roles.function_policies must be ARNs of policies."
  }
  validation {
    condition     = alltrue([for arn in values(var.roles.existing) : arn == null ? true : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.+$", arn))])
    error_message = "roles.existing must be ARNs of roles."
  }
  validation {
    condition     = var.roles.existing.function == null || length(var.roles.function_policies) == 0
    error_message = "roles.function_policies are for the module's role; an existing one has its own."
  }
}

variable "alarm_topic_arn" {
  description = "SNS topic that alarms go to; null = the module creates one, encrypted. The policy of a given topic, and of its key, must let CloudWatch and EventBridge publish."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_topic_arn == null ? true : can(regex("^arn:[a-z-]+:sns:", var.alarm_topic_arn))
    error_message = "alarm_topic_arn must be the ARN of an SNS topic, or null."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false
}
