# A rule for each kind of trouble. All but `poison` are split by source and stream: every stream has alerts of its own.

locals {
  by_stream = ["Source", "Stream"]

  health = {
    for kind, rule in {
      records  = { metric = "RecordsRatio", method = "Minimum", operator = "LessThan", threshold = var.thresholds.records_ratio, severity = 2, says = "A run brought far fewer records than the runs before it." }
      duration = { metric = "DurationRatio", method = "Maximum", operator = "GreaterThan", threshold = var.thresholds.duration_ratio, severity = 3, says = "A run took far longer than the runs before it." }
      errors   = { metric = "ErrorRate", method = "Maximum", operator = "GreaterThan", threshold = var.thresholds.error_rate, severity = 2, says = "A run had too many requests fail, in percent." }
      failed   = { metric = "RunFailed", method = "Total", operator = "GreaterThan", threshold = 0, severity = 1, says = "A run failed." }
      breaches = { metric = "Breaches", method = "Total", operator = "GreaterThan", threshold = 0, severity = 2, says = "A run is outside of what its source file expects." }
      } : kind => merge(rule, {
        # What has no such value, a ratio without a history for example, is no breach.
        query      = "${local.runs}| extend ${rule.metric} = todouble(Run.${rule.metric})\n| where isnotnull(${rule.metric})\n| project TimeGenerated, Source, Stream, ${rule.metric}\n"
        dimensions = local.by_stream
        # Three times what passes between two looks: a line takes minutes to arrive, and is reported once.
        frequency = "PT5M"
        window    = "PT15M"
    })
  }

  rules = merge(
    local.health,
    {
      poison = {
        metric     = null
        method     = "Count"
        operator   = "GreaterThan"
        threshold  = 0
        severity   = 1
        says       = "A work item was given up: it is in the poison queue."
        query      = local.poison
        dimensions = []
        frequency  = "PT5M"
        window     = "PT15M"
      }
    },
    length(local.schedule_rows) == 0 ? {} : {
      missed = {
        metric     = null
        method     = "Count"
        operator   = "GreaterThan"
        threshold  = 0
        severity   = 1
        says       = "A stream was due ${var.thresholds.missed_grace_minutes} minutes ago, and no run of it has completed since."
        query      = local.missed
        dimensions = local.by_stream
        frequency  = "PT15M"
        # As far back as a rule may look.
        window = "P2D"
      }
    },
  )
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
  evaluation_frequency    = each.value.frequency
  window_duration         = each.value.window
  auto_mitigation_enabled = true
  # A workspace that no app has written to yet has no AppTraces.
  skip_query_validation = true
  tags                  = var.tags

  criteria {
    query                   = each.value.query
    time_aggregation_method = each.value.method
    metric_measure_column   = each.value.metric
    operator                = each.value.operator
    threshold               = each.value.threshold

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
