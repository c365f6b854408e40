//! What one row of a checkpoint has, column by column, and the action that it is.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::leaf::{Slot, Value};
use super::row::{Add, Remove, Row, Texts};
use crate::actions::{Protocol, Txn};

/// The columns of a row that are not null.
#[derive(Debug, Default)]
pub(crate) struct Cells(Vec<(Arc<str>, Slot)>);

impl Cells {
    pub(crate) fn put(&mut self, name: &Arc<str>, slot: Slot) {
        if slot.is_there {
            self.0.push((Arc::clone(name), slot));
        }
    }

    /// The row's action. With `strict`, what is not understood is an error.
    pub(crate) fn row(mut self, strict: bool) -> Result<Option<Row>, String> {
        let row = if let Some(path) = self.text("add.path")? {
            Row::Add(self.add(path)?)
        } else if let Some(path) = self.text("remove.path")? {
            Row::Remove(self.remove(path)?)
        } else if let Some(app) = self.text("txn.appId")? {
            let version = self.number("txn.version")?.ok_or("a txn has no version")?;
            Row::Txn(Txn { app_id: app, version, last_updated: self.number("txn.lastUpdated")? })
        } else if let Some(id) = self.text("metaData.id")? {
            Row::Metadata(self.metadata(&id)?)
        } else if let Some(reader) = self.number("protocol.minReaderVersion")? {
            Row::Protocol(self.protocol(reader)?)
        } else {
            return self.nothing_left(strict).map(|()| None);
        };
        self.nothing_left(strict)?;
        Ok(Some(row))
    }

    fn nothing_left(&self, strict: bool) -> Result<(), String> {
        match self.0.first() {
            Some((name, _)) if strict => Err(format!("its column {name} is not understood")),
            _ => Ok(()),
        }
    }

    fn add(&mut self, path: String) -> Result<Add, String> {
        Ok(Add {
            path,
            partition_values: self.texts("add.partitionValues")?.unwrap_or_default(),
            size: self.number("add.size")?.ok_or("an add has no size")?,
            modification_time: self
                .number("add.modificationTime")?
                .ok_or("an add has no modificationTime")?,
            data_change: self.flag("add.dataChange")?.unwrap_or(true),
            stats: self.text("add.stats")?,
            tags: self.texts("add.tags")?,
        })
    }

    fn remove(&mut self, path: String) -> Result<Remove, String> {
        Ok(Remove {
            path,
            deletion_timestamp: self.number("remove.deletionTimestamp")?,
            data_change: self.flag("remove.dataChange")?.unwrap_or(true),
            extended_file_metadata: self.flag("remove.extendedFileMetadata")?,
            partition_values: self.texts("remove.partitionValues")?,
            size: self.number("remove.size")?,
            _stats: self.text("remove.stats")?,
            _tags: self.texts("remove.tags")?,
        })
    }

    fn metadata(&mut self, id: &str) -> Result<Map<String, Json>, String> {
        let mut found = Map::new();
        found.insert("id".to_owned(), json!(id));
        for (name, column) in [("name", "metaData.name"), ("description", "metaData.description")] {
            if let Some(text) = self.text(column)? {
                found.insert(name.to_owned(), json!(text));
            }
        }
        let provider = self.text("metaData.format.provider")?.unwrap_or_else(|| "parquet".to_owned());
        let options = self.texts("metaData.format.options")?.unwrap_or_default();
        found.insert("format".to_owned(), json!({"provider": provider, "options": options}));
        let schema = self.text("metaData.schemaString")?.ok_or("its metaData has no schemaString")?;
        found.insert("schemaString".to_owned(), json!(schema));
        let partitions = self.list("metaData.partitionColumns")?.unwrap_or_default();
        found.insert("partitionColumns".to_owned(), json!(partitions));
        let configuration = self.texts("metaData.configuration")?.unwrap_or_default();
        found.insert("configuration".to_owned(), Json::Object(configuration));
        if let Some(created) = self.number("metaData.createdTime")? {
            found.insert("createdTime".to_owned(), json!(created));
        }
        Ok(found)
    }

    fn protocol(&mut self, reader: i64) -> Result<Protocol, String> {
        let version =
            |number: i64| i32::try_from(number).map_err(|_| "a version of its protocol is too large");
        let writer =
            self.number("protocol.minWriterVersion")?.ok_or("its protocol has no minWriterVersion")?;
        Ok(Protocol {
            min_reader_version: version(reader)?,
            min_writer_version: version(writer)?,
            reader_features: self.list("protocol.readerFeatures")?,
            writer_features: self.list("protocol.writerFeatures")?,
        })
    }

    fn take(&mut self, name: &str) -> Option<Slot> {
        let found = self.0.iter().position(|(found, _)| **found == *name)?;
        Some(self.0.swap_remove(found).1)
    }

    fn value(&mut self, name: &str) -> Option<Value> {
        self.take(name)?.values.into_iter().next().flatten()
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(format!("its column {name} is no text")),
        }
    }

    fn number(&mut self, name: &str) -> Result<Option<i64>, String> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(Some(number)),
            Some(_) => Err(format!("its column {name} is no number")),
        }
    }

    fn flag(&mut self, name: &str) -> Result<Option<bool>, String> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Flag(flag)) => Ok(Some(flag)),
            Some(_) => Err(format!("its column {name} is neither true nor false")),
        }
    }

    fn list(&mut self, name: &str) -> Result<Option<Vec<String>>, String> {
        let Some(slot) = self.take(&format!("{name}[]")) else { return Ok(None) };
        let texts = slot.values.into_iter().map(|value| match value {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(format!("its column {name} is no list of texts")),
        });
        texts.collect::<Result<_, _>>().map(Some)
    }

    /// A map. Its keys and values are two columns whose entries stand in the same order.
    fn texts(&mut self, name: &str) -> Result<Option<Texts>, String> {
        let keys = self.take(&format!("{name}{{key}}"));
        let values = self.take(&format!("{name}{{value}}"));
        let Some(keys) = keys else { return Ok(None) };
        let values = values.unwrap_or_default().values;
        if keys.values.len() != values.len() {
            return Err(format!("its column {name} has keys without values"));
        }
        let entries = keys.values.into_iter().zip(values).map(|entry| match entry {
            (Some(Value::Text(key)), Some(Value::Text(value))) => Ok((key, Json::String(value))),
            (Some(Value::Text(key)), None) => Ok((key, Json::Null)),
            _ => Err(format!("its column {name} is no map of texts")),
        });
        entries.collect::<Result<_, _>>().map(Some)
    }
}
