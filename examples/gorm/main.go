// Containers of orchestration as GORM models: make, read, change, delete.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Namespace maps orchestration.namespaces. "->" makes a field read-only: those are the worker's.
type Namespace struct {
	ID            int64 `gorm:"primaryKey"`
	Name          string
	ClusterID     *int64
	Labels        map[string]string `gorm:"serializer:json;default:'{}'"`
	DesiredState  string            `gorm:"default:active"`
	Status        string            `gorm:"->"`
	StatusReason  *string           `gorm:"->"`
	StatusMessage *string           `gorm:"->"`
	CreatedAt     time.Time         `gorm:"->"`
	UpdatedAt     time.Time         `gorm:"->"`
}

// ContainerImage maps orchestration.container_images.
type ContainerImage struct {
	NamespaceID int64 `gorm:"primaryKey;autoIncrement:false"`
	ID          int64 `gorm:"primaryKey;autoIncrement"`
	Registry    string
	Repository  string
	Tag         string
	Digest      string
}

// Container maps orchestration.containers. The key is (namespace_id, id); db.First(&c, 10) finds it by its id.
type Container struct {
	NamespaceID   int64 `gorm:"primaryKey;autoIncrement:false"`
	ID            int64 `gorm:"primaryKey;autoIncrement"`
	Name          string
	Description   *string
	ImageID       int64
	Image         ContainerImage `gorm:"foreignKey:NamespaceID,ImageID;references:NamespaceID,ID"`
	Replicas      int            `gorm:"default:1"`
	Autoscaled    bool           // true: somebody else in the cluster sets the number of pods
	Command       TextArray      `gorm:"type:text[]"`
	CPURequest    *int64         // millicores
	CPULimit      *int64
	MemoryRequest *int64 // bytes
	MemoryLimit   *int64
	RestartPolicy string            `gorm:"default:Always"`
	Labels        map[string]string `gorm:"serializer:json;default:'{}'"`
	DesiredState  string            `gorm:"default:running"`
	Status        string            `gorm:"->"`
	StatusReason  *string           `gorm:"->"`
	StatusMessage *string           `gorm:"->"`
	ReadyReplicas int               `gorm:"->"`
	Generation    int64             `gorm:"->"`
	ObservedAt    *time.Time        `gorm:"->"`
	CreatedAt     time.Time         `gorm:"->"`
	UpdatedAt     time.Time         `gorm:"->"`
	PortMappings  []PortMapping     `gorm:"foreignKey:NamespaceID,ContainerID;references:NamespaceID,ID"`
}

// PortMapping maps orchestration.port_mappings.
type PortMapping struct {
	NamespaceID   int64 `gorm:"primaryKey;autoIncrement:false"`
	ID            int64 `gorm:"primaryKey;autoIncrement"`
	ContainerID   int64
	Name          *string
	ContainerPort int
	ServicePort   *int
	Protocol      string `gorm:"default:TCP"`
}

func (Namespace) TableName() string      { return "orchestration.namespaces" }
func (ContainerImage) TableName() string { return "orchestration.container_images" }
func (Container) TableName() string      { return "orchestration.containers" }
func (PortMapping) TableName() string    { return "orchestration.port_mappings" }

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// as runs what fn does in one transaction that acts for a user of the platform, who sees and does what his roles permit.
// For an application whose role is a member of orchestration_gateway. The identity ends with the transaction, so the
// connection may be a pooler's: never SET it for the session, and run nothing for a user outside of this.
func as(db *gorm.DB, username string, fn func(tx *gorm.DB) error) error {
	return db.Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec("SELECT orchestration.act_as(?::text)", username).Error; err != nil {
			return err
		}
		return fn(tx)
	})
}

// withToken does the same for the user that a signed token names: SQL injected into the application cannot become
// somebody else, as the role of the application need not be a gateway.
func withToken(db *gorm.DB, token string, fn func(tx *gorm.DB) error) error {
	return db.Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec("SELECT orchestration.authenticate(?)", token).Error; err != nil {
			return err
		}
		return fn(tx)
	})
}

// retry runs fn again when the database asks for it: 40001 comes when permissions changed after a statement was planned.
func retry(fn func() error) error {
	for attempt := 1; ; attempt++ {
		err := fn()
		var pgErr *pgconn.PgError
		if attempt == 3 || !errors.As(err, &pgErr) || pgErr.Code != "40001" {
			return err
		}
	}
}

// show prints what the user, or the bearer of a token, sees.
func show(db *gorm.DB) {
	list := func(tx *gorm.DB) error {
		var containers []Container
		if err := tx.Order("id").Limit(50).Find(&containers).Error; err != nil {
			return err
		}
		for _, c := range containers {
			fmt.Printf("sees %s\n", c.Name)
		}
		return nil
	}
	if username := os.Getenv("ACT_AS"); username != "" {
		must(retry(func() error { return as(db, username, list) }))
	}
	if token := os.Getenv("TOKEN"); token != "" {
		must(retry(func() error { return withToken(db, token, list) }))
	}
}

// waitFor asks the database to say when the container has the status, instead of asking again and again.
func waitFor(db *gorm.DB, id int64, status string) {
	var reached bool
	must(db.Raw("SELECT orchestration.wait_for_container(id => ?, status => ?, timeout => '60s')", id, status).Scan(&reached).Error)
	fmt.Printf("%s: %v\n", status, reached)
}

func main() {
	db, err := gorm.Open(postgres.Open(os.Getenv("DATABASE_URL")), &gorm.Config{})
	must(err)

	var clusterID int64
	must(db.Raw("SELECT id FROM orchestration.clusters WHERE name = ?", os.Getenv("CLUSTER")).Scan(&clusterID).Error)

	namespace := Namespace{Name: "gorm", ClusterID: &clusterID}
	container := Container{
		Name: "web", Replicas: 2, Command: TextArray{"httpd", "-f", "-p", "8080"},
		Labels: map[string]string{"app": "web"},
	}
	port := 80
	must(db.Transaction(func(tx *gorm.DB) error {
		if err := tx.Create(&namespace).Error; err != nil {
			return err
		}
		container.NamespaceID = namespace.ID
		container.Image = ContainerImage{NamespaceID: namespace.ID, Registry: "docker.io", Repository: "library/busybox", Tag: "1.36"}
		container.PortMappings = []PortMapping{{ContainerPort: 8080, ServicePort: &port}}
		return tx.Create(&container).Error
	}))
	waitFor(db, container.ID, "running")

	var found Container
	must(db.Preload("PortMappings").Preload("Image").First(&found, container.ID).Error)
	fmt.Printf("%s %s %d/%d port %d image %s\n", found.Name, found.Status, found.ReadyReplicas, found.Replicas, found.PortMappings[0].ContainerPort, found.Image.Repository)

	// what was preloaded is not to be written again: ids are the database's to choose
	write := db.Omit(clause.Associations)
	found.Replicas = 3
	must(write.Save(&found).Error)
	must(write.Model(&found).Update("desired_state", "paused").Error)
	waitFor(db, found.ID, "paused")

	err = db.Exec("SELECT orchestration.start_container(?)", found.ID).Error
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == "OR010" {
		fmt.Println("refused:", pgErr.Message)
	}

	show(db)

	must(db.Delete(&found).Error)
	must(db.Exec("SELECT orchestration.delete_namespace(?)", namespace.Name).Error)
}
