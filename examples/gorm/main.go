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

// waitFor asks the database to say when the container has the status, instead of asking again and again.
func waitFor(db *gorm.DB, id int64, status string) {
	var reached bool
	must(db.Raw("SELECT orchestration.wait_for_container(?, ?, '60s')", id, status).Scan(&reached).Error)
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

	must(db.Delete(&found).Error)
	must(db.Exec("SELECT orchestration.delete_namespace(?)", namespace.ID).Error)
}
