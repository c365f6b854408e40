# What watches the streams: rules, queries, the workbook. No subscription and no network: the provider is played.

mock_provider "azurerm" {
  override_during = plan
  source          = "./tests/played"
}

variables {
  resource_group_name = "lake"
  location            = "westeurope"
  # The same files as on AWS.
  sources_path = "../aws/tests/sources"
  package      = "../aws/tests/empty.zip"
  alert_emails = ["data@example.com"]
}

run "every_stream_has_its_alerts" {
  command = plan

  variables {
    thresholds = { missed_grace_minutes = 90 }
  }

  assert {
    condition = {
      for kind, rule in azurerm_monitor_scheduled_query_rules_alert_v2.rule :
      kind => "${rule.evaluation_frequency} ${rule.window_duration} ${join(", ", [for dimension in rule.criteria[0].dimension : dimension.name])}"
      } == {
      trouble = "PT15M PT30M Source, Stream, Kind"
      missed  = "PT15M PT2H Source, Stream"
    }
    error_message = "two rules a quarter of an hour: ${jsonencode({ for kind, rule in azurerm_monitor_scheduled_query_rules_alert_v2.rule : kind => rule.criteria[0] })}"
  }
  assert {
    condition     = alltrue([for rule in azurerm_monitor_scheduled_query_rules_alert_v2.rule : rule.auto_mitigation_enabled && endswith(rule.action[0].action_groups[0], "/bronzegate-alerts")])
    error_message = "alerts go to the action group, and are resolved by themselves"
  }
  assert {
    condition     = strcontains(output.queries.trouble, "todouble(Run.Breaches) > 0") && strcontains(output.queries.trouble, "bronzegate.poison") && !strcontains(output.queries.trouble, "RunFailed")
    error_message = "thresholds are inside of the query, and an attempt is no failure"
  }
  assert {
    condition     = alltrue([for query in values(output.queries) : strcontains(query, "AppTraces") && strcontains(query, "/components/bronzegate\"")])
    error_message = "a query asks for this app's rows only"
  }
  assert {
    condition     = azurerm_linux_function_app.function == [] && azurerm_function_app_flex_consumption.function[0].app_settings.BRONZEGATE_WATCH_GRACE == "90m"
    error_message = "the app looks for missing runs"
  }
}

run "given_groups_and_workspaces_are_used" {
  command = plan

  variables {
    alert_emails    = []
    action_group_id = "/subscriptions/s/resourceGroups/ops/providers/Microsoft.Insights/actionGroups/people"
    logs            = { workspace_id = "/subscriptions/s/resourceGroups/ops/providers/Microsoft.OperationalInsights/workspaces/all" }
  }

  assert {
    condition     = length(azurerm_monitor_action_group.alerts) == 0 && length(azurerm_log_analytics_workspace.logs) == 0
    error_message = "neither is made"
  }
  assert {
    condition     = alltrue([for rule in azurerm_monitor_scheduled_query_rules_alert_v2.rule : endswith(rule.action[0].action_groups[0], "/people") && endswith(rule.scopes[0], "/workspaces/all")])
    error_message = "alerts ask the one and go to the other"
  }
}

run "the_workbook_has_a_panel_for_each_metric" {
  command = plan

  assert {
    condition     = [for item in jsondecode(azurerm_application_insights_workbook.streams.data_json).items : item.name] == ["parameters", "records", "duration, ms", "requests", "runs", "runs, newest first", "work items that were given up"]
    error_message = "items: ${jsonencode([for item in jsondecode(azurerm_application_insights_workbook.streams.data_json).items : item.name])}"
  }
  assert {
    condition     = azurerm_application_insights_workbook.streams.source_id == lower(azurerm_application_insights_workbook.streams.source_id)
    error_message = "Azure keeps the source in lower case"
  }
}

run "e_mail_goes_to_every_address" {
  command = plan

  variables {
    alert_emails = ["a@example.com", "b@example.com"]
  }

  assert {
    condition     = [for receiver in azurerm_monitor_action_group.alerts[0].email_receiver : receiver.email_address] == ["a@example.com", "b@example.com"]
    error_message = "both are written to"
  }
}

run "alerts_that_reach_nobody_are_told_of" {
  command = plan

  variables {
    alert_emails = []
  }

  expect_failures = [check.alerts_reach_somebody]
}

run "deployments_share_no_alert" {
  command = plan

  variables {
    name = "other"
  }

  assert {
    condition     = alltrue([for rule in azurerm_monitor_scheduled_query_rules_alert_v2.rule : startswith(rule.name, "other-")]) && azurerm_application_insights.function.name == "other" && azurerm_monitor_action_group.alerts[0].name == "other-alerts"
    error_message = "rules, logs and their receivers carry the deployment's name"
  }
  assert {
    condition     = local.digest != substr(sha256("00000000-0000-0000-0000-000000000001/lake/bronzegate"), 0, 8) && azurerm_storage_account.host.name == "other${local.digest}host"
    error_message = "so does what is unique in the whole of Azure"
  }
}
