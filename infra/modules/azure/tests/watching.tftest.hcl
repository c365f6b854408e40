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
    thresholds = { records_ratio = 0.25, duration_ratio = 3, error_rate = 10, missed_grace_minutes = 90 }
  }

  assert {
    condition = {
      for kind, rule in azurerm_monitor_scheduled_query_rules_alert_v2.rule :
      kind => join(" ", compact([rule.criteria[0].time_aggregation_method, rule.criteria[0].metric_measure_column, rule.criteria[0].operator, rule.criteria[0].threshold]))
      } == {
      records  = "Minimum RecordsRatio LessThan 0.25"
      duration = "Maximum DurationRatio GreaterThan 3"
      errors   = "Maximum ErrorRate GreaterThan 10"
      failed   = "Total RunFailed GreaterThan 0"
      breaches = "Total Breaches GreaterThan 0"
      missed   = "Count GreaterThan 0"
      poison   = "Count GreaterThan 0"
    }
    error_message = "rules: ${jsonencode({ for kind, rule in azurerm_monitor_scheduled_query_rules_alert_v2.rule : kind => rule.criteria[0] })}"
  }
  assert {
    condition = alltrue([
      for kind, rule in azurerm_monitor_scheduled_query_rules_alert_v2.rule :
      join(", ", [for dimension in rule.criteria[0].dimension : dimension.name]) == (kind == "poison" ? "" : "Source, Stream")
    ])
    error_message = "each stream has an alert of its own"
  }
  assert {
    condition     = alltrue([for rule in azurerm_monitor_scheduled_query_rules_alert_v2.rule : rule.auto_mitigation_enabled && endswith(rule.action[0].action_groups[0], "/bronzegate-alerts")])
    error_message = "alerts go to the action group, and are resolved by themselves"
  }
  assert {
    condition     = azurerm_monitor_scheduled_query_rules_alert_v2.rule["missed"].window_duration == "P2D" && strcontains(output.queries.missed, "ago(90m)")
    error_message = "a missed run is looked for two days back, after the grace"
  }
  assert {
    condition     = alltrue([for query in values(output.queries) : strcontains(query, "AppTraces") && strcontains(query, "/components/bronzegate\"")])
    error_message = "a query asks for this app's rows only"
  }
}

run "missed_runs_are_looked_for_by_the_schedules_themselves" {
  command = plan

  assert {
    condition = local.schedule_rows == [
      "\"shop\", \"daily\", \"UTC\", dynamic([0]), dynamic([0]), dynamic([]), dynamic([]), dynamic([])",
      "\"shop\", \"fifths\", \"UTC\", dynamic([0]), dynamic([0]), dynamic([1,6,11,16,21,26,31]), dynamic([]), dynamic([])",
      "\"shop\", \"monthly\", \"UTC\", dynamic([0]), dynamic([0]), dynamic([1]), dynamic([]), dynamic([])",
      "\"shop\", \"ninety\", \"UTC\", dynamic([0]), dynamic([0,3,6,9,12,15,18,21]), dynamic([]), dynamic([]), dynamic([])",
      "\"shop\", \"ninety\", \"UTC\", dynamic([30]), dynamic([1,4,7,10,13,16,19,22]), dynamic([]), dynamic([]), dynamic([])",
      "\"shop\", \"quarter\", \"UTC\", dynamic([0,15,30,45]), dynamic([0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23]), dynamic([]), dynamic([]), dynamic([])",
      "\"shop\", \"sixth\", \"UTC\", dynamic([0]), dynamic([0,6,12,18]), dynamic([]), dynamic([]), dynamic([])",
      "\"shop\", \"summer\", \"UTC\", dynamic([0]), dynamic([0]), dynamic([]), dynamic([6]), dynamic([])",
      "\"shop\", \"twice\", \"UTC\", dynamic([0]), dynamic([6,18]), dynamic([]), dynamic([]), dynamic([])",
      "\"shop\", \"weekly\", \"UTC\", dynamic([0]), dynamic([5]), dynamic([]), dynamic([]), dynamic([6])",
      "\"shop\", \"workdays\", \"Europe/Berlin\", dynamic([30]), dynamic([2]), dynamic([]), dynamic([]), dynamic([0,1,2,3,4])",
    ]
    error_message = "rows: ${jsonencode(local.schedule_rows)}"
  }
}

run "streams_without_a_schedule_are_never_missed" {
  command = plan

  variables {
    sources_path = "tests/unscheduled"
  }

  assert {
    condition     = keys(azurerm_monitor_scheduled_query_rules_alert_v2.rule) == ["breaches", "duration", "errors", "failed", "poison", "records"]
    error_message = "rules: ${jsonencode(keys(azurerm_monitor_scheduled_query_rules_alert_v2.rule))}"
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
