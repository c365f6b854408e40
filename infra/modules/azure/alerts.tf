# Two rules look every quarter of an hour: one for what went wrong, one for what is missing. Their queries have the
# thresholds, so only trouble has rows, and Azure bills what has rows. Each stream has alerts of its own.

locals {
  rules = {
    trouble = {
      severity   = 1
      says       = "A work item failed permanently, or a run is outside of what its source file expects."
      query      = local.trouble
      dimensions = ["Source", "Stream", "Kind"]
      # Twice what passes between two looks: a line takes minutes to arrive.
      window = "PT30M"
    }
    missed = {
      severity   = 1
      says       = "A scheduled run is missing: none has completed ${var.thresholds.missed_grace_minutes} minutes after its time."
      query      = local.missed
      dimensions = ["Source", "Stream"]
      # The app looks once an hour: the alert holds from one look to the next.
      window = "PT2H"
    }
  }
}

resource "azurerm_monitor_scheduled_query_rules_alert_v2" "rule" {
  for_each = local.rules

  name                    = "${var.name}-${each.key}"
  display_name            = "${var.name}: ${each.key}"
  description             = each.value.says
  resource_group_name     = var.resource_group_name
  location                = var.location
  scopes                  = [local.workspace_id]
  severity                = each.value.severity
  enabled                 = var.alerts_enabled
  evaluation_frequency    = "PT15M"
  window_duration         = each.value.window
  auto_mitigation_enabled = true
  # A workspace that no app has written to yet has no AppTraces.
  skip_query_validation = true
  tags                  = var.tags

  criteria {
    query                   = each.value.query
    time_aggregation_method = "Count"
    operator                = "GreaterThan"
    threshold               = 0

    dynamic "dimension" {
      for_each = each.value.dimensions

      content {
        name     = dimension.value
        operator = "Include"
        values   = ["*"]
      }
    }
    failing_periods {
      minimum_failing_periods_to_trigger_alert = 1
      number_of_evaluation_periods             = 1
    }
  }

  action {
    action_groups = [local.action_group_id]
  }
}
