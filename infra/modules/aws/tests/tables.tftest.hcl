# What streams that write tables may do. No account and no network: the provider is played.

mock_provider "aws" {
  override_during = plan
  source          = "./tests/played"
}

variables {
  sources_path = "tests/tables"
  package      = "tests/empty.zip"
  bucket       = { name = "lake" }
}

run "a_table_without_a_place_is_told_when_planning" {
  command = plan

  expect_failures = [check.every_table_has_a_place]

  assert {
    condition     = local.table_names == toset(["bronze_crm", "crm_events"]) && length(data.aws_iam_policy_document.tables.statement) == 0
    error_message = "tables: ${jsonencode(local.table_names)}"
  }
  assert {
    condition     = !contains(keys(aws_lambda_function.run.environment[0].variables), "BRONZEGATE_TABLES") && output.tables == null
    error_message = "no place, no variable"
  }
}

run "tables_beside_bronze_are_reached_below_their_prefix_only" {
  command = plan

  variables {
    tables = {}
  }

  assert {
    condition     = aws_lambda_function.run.environment[0].variables.BRONZEGATE_TABLES == "s3://lake/tables" && output.tables == "s3://lake/tables"
    error_message = "the root is told to the function"
  }
  assert {
    condition = jsonencode({
      for statement in data.aws_iam_policy_document.tables.statement :
      statement.sid => { actions = sort(statement.actions), resources = sort(statement.resources) }
      }) == jsonencode({
      WriteTables = {
        actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
        resources = ["arn:aws:s3:::lake/tables/*"]
      }
      ExpireTableLogs = {
        actions   = ["s3:DeleteObject"]
        resources = ["arn:aws:s3:::lake/tables/*/_delta_log/*"]
      }
      ListTableLogs = {
        actions   = ["s3:ListBucket"]
        resources = ["arn:aws:s3:::lake"]
      }
    })
    error_message = "statements: ${jsonencode(data.aws_iam_policy_document.tables.statement)}"
  }
  assert {
    condition     = toset(one(data.aws_iam_policy_document.tables.statement[2].condition).values) == toset(["tables/*/_delta_log/*"])
    error_message = "listed are the tables' logs"
  }
  assert {
    condition     = length(aws_s3_bucket.tables) == 0
    error_message = "nothing is made for them"
  }
}

run "a_bucket_of_their_own_aborts_incomplete_uploads" {
  command = plan

  variables {
    tables = { bucket = "acme-tables", prefix = "" }
  }

  assert {
    condition     = aws_lambda_function.run.environment[0].variables.BRONZEGATE_TABLES == "s3://acme-tables"
    error_message = "no prefix, no slash"
  }
  assert {
    condition     = one(one(aws_s3_bucket_lifecycle_configuration.tables[0].rule).abort_incomplete_multipart_upload).days_after_initiation == 7
    error_message = "as on the bronze bucket"
  }
  assert {
    condition     = data.aws_iam_policy_document.tables.statement[0].resources == toset(["arn:aws:s3:::acme-tables/bronze_crm/*", "arn:aws:s3:::acme-tables/crm_events/*"])
    error_message = "the tables' folders in it, and not the whole bucket"
  }
}

run "a_bucket_that_is_there_stays_its_owners" {
  command = plan

  variables {
    tables = { bucket = "acme-tables", create = false }
  }

  assert {
    condition     = length(aws_s3_bucket.tables) + length(aws_s3_bucket_policy.tables) + length(aws_s3_bucket_lifecycle_configuration.tables) == 0
    error_message = "nothing of it is changed"
  }
}

run "a_schema_of_databricks_has_its_parts_in_bronze_and_its_secret_in_the_vault" {
  command = plan

  variables {
    databricks = {
      host         = "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com"
      client_id    = "5a1f3c0e-9d0a-4c39-8d7e-7b2f3a1c4e5d"
      schema       = "main.bronze"
      warehouse_id = "1a2b3c4d5e6f7a8b"
      files        = "/Volumes/main/bronze/landing"
    }
  }

  assert {
    condition = {
      for name, value in aws_lambda_function.run.environment[0].variables : name => value
      if strcontains(name, "DATABRICKS") || name == "BRONZEGATE_TABLES"
      } == {
      BRONZEGATE_TABLES            = "databricks:main.bronze"
      BRONZEGATE_DATABRICKS_FILES  = "/Volumes/main/bronze/landing"
      BRONZEGATE_DATABRICKS_SECRET = "bronzegate/databricks-client-secret"
      DATABRICKS_HOST              = "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com"
      DATABRICKS_CLIENT_ID         = "5a1f3c0e-9d0a-4c39-8d7e-7b2f3a1c4e5d"
      DATABRICKS_WAREHOUSE_ID      = "1a2b3c4d5e6f7a8b"
    }
    error_message = "variables: ${jsonencode(aws_lambda_function.run.environment[0].variables)}"
  }
  assert {
    condition = [for statement in data.aws_iam_policy_document.tables.statement : statement.sid] == ["WriteTables"] && (
      data.aws_iam_policy_document.tables.statement[0].resources == toset(["arn:aws:s3:::lake/bronze/*"])
    )
    error_message = "parts are written below bronze, and there is no log: ${jsonencode(data.aws_iam_policy_document.tables.statement)}"
  }
  assert {
    condition     = output.databricks_secret == "bronzegate/databricks-client-secret" && local.read_secrets == ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:bronzegate/*"]
    error_message = "the function reads the principal's secret"
  }
}

run "secrets_in_a_scope_are_not_made_in_the_vault" {
  command = plan

  variables {
    databricks = {
      host         = "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com"
      client_id    = "5a1f3c0e-9d0a-4c39-8d7e-7b2f3a1c4e5d"
      secret_scope = "bronze"
    }
    sources_path = "../azure/tests/scope"
  }

  assert {
    condition     = aws_lambda_function.run.environment[0].variables.BRONZEGATE_SECRETS == "databricks:bronze"
    error_message = "variables: ${jsonencode(aws_lambda_function.run.environment[0].variables)}"
  }
  assert {
    condition     = length(module.sources.secrets) > 0 && join(" ", keys(output.secret_names)) == "databricks-client-secret" && join(" ", local.read_secrets) == "arn:aws:secretsmanager:eu-central-1:123456789012:secret:bronzegate/databricks-client-secret-??????"
    error_message = "the function reads the principal's secret and no other"
  }
}

run "refresh_tokens_that_rotate_are_refused_in_a_scope" {
  command = plan

  variables {
    databricks   = { host = "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com", client_id = "a", secret_scope = "bronze" }
    sources_path = "tests/sources"
  }

  expect_failures = [aws_lambda_function.run]
}

run "places_that_cannot_be_are_refused" {
  command = plan

  variables {
    tables = { prefix = "bronze" }
  }

  expect_failures = [var.tables]
}

run "names_that_cannot_be_are_refused" {
  command = plan

  variables {
    tables = { bucket = "Acme" }
  }

  expect_failures = [var.tables]
}

run "a_workspace_that_cannot_be_is_refused" {
  command = plan

  variables {
    databricks = { host = "dbc.cloud.databricks.com/sql", client_id = "", schema = "bronze", secret_scope = "a scope" }
  }

  expect_failures = [var.databricks]
}

run "two_places_are_refused" {
  command = plan

  variables {
    tables     = {}
    databricks = { host = "https://dbc.cloud.databricks.com", client_id = "a", schema = "main.bronze", warehouse_id = "1a" }
  }

  expect_failures = [var.databricks]
}
