// DataImport
