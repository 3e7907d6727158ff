// TypeORM asks for the driver's verbose mode, which takes a stack trace for every statement and, where one fails, puts
// the values it carried into the error. The mode is the whole process's, so every data source has to decline it.
import sqlite3 from 'sqlite3';

export const quietSqlite = { ...sqlite3, verbose: () => sqlite3 };
