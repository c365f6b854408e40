//! A root of tables: a place, or a catalog of a cloud, named by a setting and opened when it is needed.

use std::fmt;
use std::sync::Arc;

use super::cloud::Cloud;
use super::clouds::FolderTables;
use super::place::Place;
use super::setting::Setting;
use crate::bronze::{BronzeStore, Tables};
use crate::clock::Clock;
use crate::error::Result;

/// Where tables are.
#[derive(Clone)]
pub struct TablesPlace(Kind);

#[derive(Clone)]
enum Kind {
    /// Files and their list lie side by side.
    Place { place: Place, folder_tables: FolderTables, clock: Arc<dyn Clock> },
    /// A cloud keeps the list.
    Cloud { setting: Setting, cloud: Arc<dyn Cloud> },
}

impl TablesPlace {
    pub(super) fn of_place(place: Place, folder_tables: FolderTables, clock: Arc<dyn Clock>) -> Self {
        Self(Kind::Place { place, folder_tables, clock })
    }

    pub(super) fn of_cloud(setting: Setting, cloud: Arc<dyn Cloud>) -> Self {
        Self(Kind::Cloud { setting, cloud })
    }

    /// Opens it; `target` is the store of the commit log. A folder of this machine is created when it is missing.
    ///
    /// # Errors
    /// As [`Place::open`] and [`Cloud::open_tables`].
    pub async fn open(&self, target: Arc<dyn BronzeStore>) -> Result<Arc<dyn Tables>> {
        match &self.0 {
            Kind::Place { place, folder_tables, clock } => {
                Ok(folder_tables(place.open().await?, clock.clone()))
            }
            Kind::Cloud { setting, cloud } => cloud.open_tables(setting, target).await,
        }
    }

    /// Opens it for looking; `None` where there is no such folder, and none is created.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_existing(&self, target: Arc<dyn BronzeStore>) -> Result<Option<Arc<dyn Tables>>> {
        match &self.0 {
            Kind::Place { place, folder_tables, clock } => {
                let store = place.open_existing().await?;
                Ok(store.map(|store| folder_tables(store, clock.clone())))
            }
            Kind::Cloud { setting, cloud } => cloud.open_tables(setting, target).await.map(Some),
        }
    }
}

/// As it was given.
impl fmt::Display for TablesPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Place { place, .. } => place.fmt(f),
            Kind::Cloud { setting, .. } => f.write_str(&setting.text),
        }
    }
}

impl fmt::Debug for TablesPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TablesPlace").field(&self.to_string()).finish()
    }
}
